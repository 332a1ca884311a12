"""A supervised process: it ends when told, when killed, and when its supervisor dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra.local.process import Process, ProcessError, answers

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "from signal import *; import time; signal(SIGTERM, SIG_IGN); print('up', flush=True); time.sleep(60)",
]


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split()[2] == "Z"
    except FileNotFoundError:
        return True


def wait_gone(pid: int) -> None:
    deadline = time.monotonic() + 60
    while not gone(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def up(process: Process) -> Process:
    process.wait_ready(lambda: "up" in process.tail(), 60)
    return process


def test_stop_asks_first_and_may_be_called_twice(tmp_path: Path) -> None:
    process = up(Process("sleep", SLEEP, log=tmp_path / "log"))
    assert process.returncode is None
    assert process.stop() == -signal.SIGTERM
    assert process.stop() == -signal.SIGTERM


def test_stop_kills_after_the_grace(tmp_path: Path) -> None:
    assert up(Process("deaf", DEAF, log=tmp_path / "log")).stop(grace=0.1) == -signal.SIGKILL


def test_the_end_of_the_context_stops(tmp_path: Path) -> None:
    with Process("sleep", SLEEP, log=tmp_path / "log") as process:
        up(process)
    assert process.returncode == -signal.SIGTERM


def test_kill_takes_the_children_too(tmp_path: Path) -> None:
    command = ["/bin/sh", "-c", "sleep 60 & echo child $!; wait"]
    process = Process("shell", command, log=tmp_path / "log")
    process.wait_ready(lambda: "child" in process.tail(), 10)
    child = int(process.tail().split()[-1])
    assert process.kill() == -signal.SIGKILL
    wait_gone(child)


def test_an_early_end_is_told_with_status_and_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such stream')"]
    process = Process("edge", command, log=tmp_path / "log")
    with pytest.raises(ProcessError, match=r"(?s)edge .* ended with status 1 .*no such stream"):
        process.wait_ready(lambda: False, 10)
    assert process.wait(1) == 1


def test_a_process_that_never_gets_ready_is_told(tmp_path: Path) -> None:
    with (
        Process("sleep", SLEEP, log=tmp_path / "log") as process,
        pytest.raises(ProcessError, match=r"not ready after 0\.1 s"),
    ):
        process.wait_ready(lambda: False, 0.1)


def test_the_child_ends_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = (
        "import pathlib, time; from infra.local.process import Process;"
        f"p = Process('s', ['sleep', '60'], log=pathlib.Path({str(log)!r}));"
        "print(p.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        child = int(supervisor.stdout.readline())
        supervisor.kill()
    wait_gone(child)


def test_the_environment_is_the_one_given(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import os; print(os.environ['GIVEN'], len(os.environ))"]
    process = Process("env", command, log=tmp_path / "log", environment={"GIVEN": "yes"})
    process.wait(60)
    assert process.tail().startswith("yes")
    assert "GIVEN" not in os.environ


def test_nobody_answers_on_a_closed_port() -> None:
    assert not answers("http://127.0.0.1:1/")
