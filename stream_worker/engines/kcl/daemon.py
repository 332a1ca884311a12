"""Prepares the daemon, supervises it, and cleans up after it."""

from __future__ import annotations

import ctypes
import os
import shlex
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from stream_worker.engines.kcl import jars, java
from stream_worker.engines.kcl.jvm import options
from stream_worker.engines.kcl.leases import LeaseTables
from stream_worker.engines.kcl.properties import SHUTDOWN_SECONDS, properties, text
from stream_worker.engines.kcl.worker_id import worker_id
from stream_worker.process import clients
from stream_worker.process.errors import OutageError, WorkerError
from stream_worker.process.scratch import scratch
from stream_worker.shard_life import health
from stream_worker.shard_life.pulse import beats
from stream_worker.stream.kinesis import KinesisStream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stream_worker.process.settings import WorkerSettings

MAIN: Final = "software.amazon.kinesis.multilang.MultiLangDaemon"

_ASKED_TO_STOP: Final = frozenset({128 + signal.SIGTERM, 128 + signal.SIGINT})
_LOOK_SECONDS: Final = 0.1
_LAST_SECONDS: Final = 10  # beyond its own time for a stop
_FAREWELL_SECONDS: Final = (
    1  # after the last commit: for log lines of the children that the daemon still has to pass on
)
_PR_SET_PDEATHSIG: Final = 1

log = structlog.get_logger("daemon")


def run(
    settings: WorkerSettings,
    environ: Mapping[str, str],
    should_stop: Callable[[], bool],
    child: Sequence[str] = (),
) -> None:
    """Run the daemon until `stop` is set or it ends by itself; return after an orderly stop.

    `environ` is the environment of the daemon and its children and agrees with `settings`; `child` are a
    child's arguments. Raises `SetupError` when something is missing, `OutageError` when the daemon or a child
    dies.
    """
    folder = settings.health_folder.absolute()
    health.clear(folder)
    command = _command(environ, settings.kcl_max_leases)
    tables = LeaseTables(clients.dynamodb(), settings.application)
    tables.prepare(KinesisStream.connect(settings.stream).listed(), settings.kcl_initial_position.value)
    name = worker_id(settings.kcl_worker_id, environ)
    # Absolute, because the children run in another folder.
    environ = {**environ, "METRICS_HEALTH_FOLDER": str(folder)}
    health.announce(folder, time.time())
    with scratch("metrics-worker-") as workdir:
        (workdir / "child.sh").write_text(_child_script(child), encoding="utf-8")
        described = properties(settings, name, "sh child.sh", environ)
        (workdir / "kcl.properties").write_text(text(described), encoding="ascii")
        log.info("daemon.started", worker_id=name, application=settings.application, java=command[0])
        try:
            if not should_stop():
                _Daemon(command, workdir, environ, folder, should_stop).run()
        finally:
            health.withdraw(folder)
            _release(tables, name)


def _command(environ: Mapping[str, str], most_leases: int | None) -> list[str]:
    here = Path(str(files("stream_worker.engines.kcl")))
    class_path = ":".join(map(str, [*jars.checked(jars.folder()), here / "java"]))
    # Emulators do not all support CBOR; AWS does, and it is smaller than JSON.
    emulated = any(name.startswith("AWS_ENDPOINT_URL") for name in environ)
    return [
        str(java.find(environ)),
        *options(most_leases),
        *(["-Daws.cborEnabled=false"] if emulated else []),
        "-cp",
        class_path,
        MAIN,
        "--properties-file",
        "kcl.properties",
        "--log-configuration",
        str(here / "logback.xml"),
    ]


def _child_script(arguments: Sequence[str]) -> str:
    # The daemon splits its command at spaces, which a path may contain. Until Python runs, a signal to the
    # process group would kill the child before it is asked to commit.
    command = shlex.join([sys.executable, "-P", "-m", "stream_worker.engines.kcl.child", *arguments])
    return f"trap '' TERM INT\nexec {command}\n"


def _release(tables: LeaseTables, name: str) -> None:
    try:
        log.info("leases.released", leases=tables.release(name))
    except WorkerError as error:
        log.warning("leases.kept", detail=str(error), note="other workers take them after they expire")


@dataclass(slots=True)
class _Daemon:
    """The daemon, in a process group of its own with its children: a terminal's Ctrl-C reaches only us."""

    command: list[str]
    workdir: Path
    environ: Mapping[str, str]
    folder: Path
    should_stop: Callable[[], bool]
    _asked: bool = False
    _deadline: float = field(default=float("inf"))
    _dead: set[str] = field(default_factory=set)

    def run(self) -> None:
        process = subprocess.Popen(  # noqa: S603 - the command was checked; this process has no threads
            self.command,
            cwd=self.workdir,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            process_group=0,
            preexec_fn=_end_with_parent  # noqa: PLW1509 - this process has no threads
            if sys.platform == "linux"
            else None,
        )
        try:
            while process.poll() is None:
                self._look_after(process)
                time.sleep(_LOOK_SECONDS)
        finally:
            _kill_group(process.pid)
            process.wait()
        self._check_exit(process.returncode)

    def _look_after(self, process: subprocess.Popen[bytes]) -> None:
        if not self._asked and self.should_stop():
            self._asked = True
            self._deadline = time.monotonic() + SHUTDOWN_SECONDS + _LAST_SECONDS
            process.terminate()
        if not self._asked and not self._dead:
            self._dead = {beat.shard_id for beat in beats(self.folder) if not _lives(beat.pid)}
            if self._dead:
                log.error(
                    "child.died",
                    shard_ids=sorted(self._dead),
                    note="the daemon stops; its other shards are committed first",
                )
                self._deadline = time.monotonic() + SHUTDOWN_SECONDS + _LAST_SECONDS
        if (self._asked or self._dead) and self._all_committed():
            self._deadline = min(self._deadline, time.monotonic() + _FAREWELL_SECONDS)
        if time.monotonic() > self._deadline:
            process.kill()

    def _all_committed(self) -> bool:
        """Return whether no child has anything left to commit.

        The daemon would still wait: for its leases to expire or, if a child died or has just started, for its
        own time to run out.
        """
        return all(beat.shard_id in self._dead for beat in beats(self.folder))

    def _check_exit(self, status: int) -> None:
        """Return if the daemon was stopped and every child has committed; else raise `OutageError`."""
        left = [beat.shard_id for beat in beats(self.folder)]
        if self._dead:
            raise OutageError(f"the process of {', '.join(sorted(self._dead))} died; start the worker again")
        if not (self._asked or status in _ASKED_TO_STOP):
            what = "could not start" if status == 0 else f"exited with status {status}"
            raise OutageError(f"the daemon {what}: its log lines above say why; start the worker again")
        if left:
            raise OutageError(
                f"stopped before {', '.join(left)} was committed; the next worker reads the rest again"
            )


def _end_with_parent() -> None:
    """Ask the kernel to send the daemon SIGTERM if this process dies without stopping it."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # no process is left
        os.killpg(group, signal.SIGKILL)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
