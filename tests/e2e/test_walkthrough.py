"""The README's "Try it", word for word but for the port."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import time
from typing import TYPE_CHECKING

import orjson

from infra.local.ports import reserve
from infra.local.process import Process, answers
from infra.local.system import clean_environment
from tests.support.e2e.installation import SECONDS, script
from tests.support.pages import README, ROOT

if TYPE_CHECKING:
    from pathlib import Path

TRY_IT = README.section("Try it")
UP, POST, READ = re.findall(r"```sh\n(.*?)\n```", TRY_IT, re.DOTALL)


def shell(command: str, environment: dict[str, str]) -> str:
    ended = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return ended.stdout


def test_the_system_is_brought_up_by_the_command_that_make_up_runs() -> None:
    assert UP == "make up"
    assert "/metrics-local up\n" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_a_report_that_is_posted_with_curl_is_read_back_as_a_row(tmp_path: Path) -> None:
    log = tmp_path / "up.log"
    with (
        reserve() as port,
        Process(
            "up",
            [str(script("metrics-local")), "up", "--port", str(port)],
            log=log,
            environment=clean_environment(),
        ) as up,
    ):
        up.wait_ready(lambda: "export METRICS_BUCKET" in log.read_text(), SECONDS)
        assert answers(f"http://127.0.0.1:{port}/readyz")
        exports = dict(
            shlex.split(line)[1].split("=", 1)
            for line in log.read_text().splitlines()
            if line.startswith("export ")
        )
        head, _, body = (
            shell(POST.replace(":8080/", f":{port}/"), exports).replace("\r", "").partition("\n\n")
        )
        assert head.startswith("HTTP/1.1 202 Accepted")
        shard_id, number = orjson.loads(body)["record_id"].split(":")
        deadline, row = time.monotonic() + SECONDS, ""
        while number not in row:
            assert time.monotonic() < deadline, row
            row = shell(READ, exports)
        shown = re.search(r"```\n(\$ stack_id.*?)\n```", TRY_IT, re.DOTALL)
        assert shown
        expected = shown[1].splitlines()
        found = [line for line in row.splitlines() if line.startswith("$ ")]
        assert found[:8] == expected[:8], "the README shows another row"
        assert [line.split()[:3] for line in found] == [line.split()[:3] for line in expected]
        assert shard_id in row
