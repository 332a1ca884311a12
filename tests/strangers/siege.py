"""The programs of a siege as processes: a crowd of strangers, and honest connections beside them."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from tests.benchmarks import cores, fresh
from tests.benchmarks.load import Load
from tests.strangers.crowd import OPENED_A_SECOND, Report
from tests.strangers.kind import Kind

STRANGERS: Final = 5000
HONEST: Final = 64
AT_MOST_SECONDS: Final = 300
"""After this a program ends by itself, whatever becomes of who started it."""

_LOOK: Final = 0.05


class Program:
    """A running program that is asked on its standard input and reports on its standard output."""

    def __init__(self, name: str, *arguments: str) -> None:
        command = [
            sys.executable,
            "-m",
            f"tests.strangers.{name}",
            *arguments,
            f"--seconds={AT_MOST_SECONDS}",
        ]
        with cores.pinned(cores.LOAD):
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=fresh.environment(),
                text=True,
                start_new_session=True,
            )

    def ask(self, line: str) -> None:
        """Write a line to it."""
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def reports(self) -> Iterator[Any]:
        """Yield each report, until the program ends."""
        assert self._process.stdout
        for line in self._process.stdout:
            yield json.loads(line)

    def dismiss(self) -> None:
        """End its standard input: it reports once more, and ends."""
        assert self._process.stdin
        self._process.stdin.close()

    def end(self) -> None:
        """Kill it if it still runs."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()


class Crowd:
    """A crowd of strangers that comes up; `report` is how it fares, at most a second old."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._report: Report | None = None
        self._reader = threading.Thread(target=self._read, name="crowd", daemon=True)
        self._reader.start()

    @property
    def report(self) -> Report:
        """What it said last."""
        while self._report is None:
            assert self._reader.is_alive(), "the crowd has ended without a report"
            time.sleep(_LOOK)
        return self._report

    def wait(self, reached: Callable[[Report], bool], seconds: float) -> bool:
        """Return True once its report is what is waited for, False after so many seconds."""
        until = time.monotonic() + seconds
        while not reached(self.report):
            if time.monotonic() > until or not self._reader.is_alive():
                return False
            time.sleep(_LOOK)
        return True

    def leave(self) -> Report:
        """Let all go, and return the last report."""
        self._program.dismiss()
        self._reader.join()
        return self.report

    def _read(self) -> None:
        for report in self._program.reports():
            self._report = Report(**report)


class Honest:
    """Honest connections that send all the time."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._reports = program.reports()

    def measure(self, seconds: float) -> Load:
        """Return what comes back in the next seconds."""
        self._program.ask(str(seconds))
        return Load(**next(self._reports))

    def leave(self) -> dict[str, int]:
        """Let them take their last answers; return how all requests since the beginning were answered."""
        self._program.dismiss()
        statuses: dict[str, int] = next(self._reports)
        return statuses


@contextmanager
def crowd(port: int, kind: Kind, number: int = STRANGERS) -> Iterator[Crowd]:
    """Send a crowd to this port of the loopback, and wait until it is complete; it goes at the end."""
    program = Program("crowd", f"--port={port}", f"--kind={kind.value}", f"--number={number}")
    try:
        crowd = Crowd(program)
        crowd.wait(lambda report: report.opened >= number, 4 * number / OPENED_A_SECOND + 5)
        yield crowd
    finally:
        program.end()


@contextmanager
def honest(port: int, connections: int = HONEST) -> Iterator[Honest]:
    """Begin an honest load on this port of the loopback."""
    program = Program("honest", f"--port={port}", f"--connections={connections}")
    try:
        yield Honest(program)
    finally:
        program.end()
