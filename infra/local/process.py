"""A child process under supervision: started, waited for, stopped, killed; never left behind."""

import contextlib
import http.client
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

GRACE_SECONDS: Final = 10.0
_TAIL_BYTES: Final = 4096
_POLL_SECONDS: Final = 0.02

_LEASH: Final = f'read -r _ && exit; kill -TERM "$1"; sleep {GRACE_SECONDS:.0f}; kill -KILL "-$1"'
"""Waits for a line, or for the end of the pipe that only this process holds: so it sees even our SIGKILL."""


class ProcessError(Exception):
    """The process did not do what was asked of it; the text names it and ends with the tail of its log."""


class Process:
    """A running child with its own process group: Ctrl-C at the terminal reaches it through `stop` alone.

    Should this process die without stopping it, even by SIGKILL, a small shell that waits on a pipe ends it:
    the child need not know about it, and PR_SET_PDEATHSIG (Linux alone, and tied to a thread) is not needed.
    """

    def __init__(
        self, name: str, command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start `command`; its stdout and stderr are appended to `log`. No environment given: ours."""
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self._child = subprocess.Popen(  # noqa: S603 - this project's own commands
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                process_group=0,
            )
        self._leash = subprocess.Popen(  # noqa: S603 - a constant script and a number
            ["/bin/sh", "-c", _LEASH, "leash", str(self.pid)],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )

    @property
    def pid(self) -> int:
        """The child's process id, which is its group's too."""
        return self._child.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs; then the exit status, or minus the signal that ended it."""
        return self._child.poll()

    def check(self) -> None:
        """Raise `ProcessError` if the process has ended by itself."""
        if self.returncode is not None:
            raise self._error(f"ended with status {self.returncode}")

    def wait_ready(self, ready: Callable[[], bool], seconds: float = 30) -> None:
        """Return once `ready()` is true; raise `ProcessError` if the process ends first or time runs out."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.returncode is not None:
                self._release()
                raise self._error(f"ended with status {self.returncode} before it was ready")
            if time.monotonic() > deadline:
                raise self._error(f"was not ready after {seconds:g} s")
            time.sleep(_POLL_SECONDS)

    def wait(self, seconds: float) -> int:
        """Return the exit status of a process that ends by itself; raise `ProcessError` if it does not."""
        try:
            status = self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise self._error(f"still ran after {seconds:g} s") from None
        self._release()
        return status

    def stop(self, grace: float = GRACE_SECONDS) -> int:
        """Send SIGTERM, after `grace` seconds SIGKILL, and return the exit status; twice is no error."""
        if self.returncode is None:
            self._child.terminate()
            try:
                self._child.wait(grace)
            except subprocess.TimeoutExpired:
                return self.kill()
        self._release()
        return self._child.wait()

    def kill(self) -> int:
        """End the process and its children with SIGKILL, as a crash would, and return the status (-9)."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        status = self._child.wait()
        self._release()
        return status

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process alone, not to its children; nothing if it has ended."""
        self._child.send_signal(number)

    def tail(self) -> str:
        """Return the last 4 KiB of the log."""
        return self.log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def _release(self) -> None:
        # What is left of its group goes too: a Granian that is killed leaves its worker behind.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        if self._leash.returncode is None:
            self._leash.communicate(b"\n")

    def _error(self, what: str) -> ProcessError:
        return ProcessError(f"{self.name} (pid {self.pid}) {what}. The end of {self.log}:\n{self.tail()}")


def answers(url: str) -> bool:
    """Say whether a GET of this plain-HTTP URL is answered with a 2xx within a second."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.netloc, timeout=1)
    try:
        connection.request("GET", place.path or "/")
        return connection.getresponse().status // 100 == 2  # noqa: PLR2004 - the class of statuses that mean done
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
