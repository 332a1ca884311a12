"""An operator with the runbook in hand, on an installation: fills in its placeholders, runs it, compares."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb

from tests.support.alarm import alarms
from tests.support.e2e.installation import SECONDS, script
from tests.support.runbook import ROOT, matches, pages, preface

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.support.alarm import Alarm
    from tests.support.e2e.installation import Installation
    from tests.support.runbook import Page, Step

_NONCE: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


@dataclass
class Operator:
    """Reads the page of an alarm. `values` are put in the place of the runbook's words in capitals."""

    installation: Installation
    alarm_name: str
    values: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    """What the AWS CLI is told by services that nobody emulates."""
    _tried: set[tuple[str, int, int]] = field(default_factory=set)

    @property
    def page(self) -> Page:
        return pages()[self.alarm_name]

    @property
    def alarm(self) -> Alarm:
        return alarms()[self.alarm_name]

    def rings(self, **measured: Sequence[float]) -> bool:
        """Say whether the alarm rings: by what the logs say or, if it goes by AWS's own metrics, by these."""
        if measured:
            return self.alarm.rings(measured)
        logs = [self.installation.logs / f"{name}.log" for name in ("edge", "worker", "days")]
        own = self.installation.cloud.resources.stream
        return self.alarm.rings(self.alarm.measured([log for log in logs if log.exists()], own))

    def try_step(self, part: str, number: int, cause: int = 0) -> str:
        """Run a command of a part of the page: it must print what the page says for this cause."""
        step = self.page.steps(part)[number]
        printed = self._query(step) if step.language == "sql" else self.shell(self.fill(step.command))
        expected = self.fill(step.prints[cause])
        assert matches(expected, printed), f"told:\n{expected}\nprinted:\n{printed}"
        assert not _NONCE.search(printed), "a nonce is printed"
        self._tried.add((part, number, cause))
        return printed

    def check_all_tried(self) -> None:
        """Assert that there is nothing on the page that has not been tried."""
        written = {
            (part, number, cause)
            for part in self.page.parts
            for number, step in enumerate(self.page.steps(part))
            for cause in range(len(step.prints))
        }
        assert written == self._tried

    def shell(self, command: str, *, prepared: str | None = None) -> str:
        """Run a command as the runbook's shell does; return what is printed, errors included."""
        before = self.fill(preface()[1]) if prepared is None else prepared
        done = subprocess.run(
            ["bash", "-c", f"{before}\n{command}"],  # noqa: S607 - as an operator has it
            cwd=ROOT,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=2 * SECONDS,
            check=False,
        )
        return done.stdout

    def fill(self, text: str) -> str:
        values = {"FOLDER": str(self.installation.logs), "PORT": "1"} | self.values
        return re.sub(rf"\b({'|'.join(values)})\b", lambda word: values[word[0]], text)

    def _environment(self) -> Mapping[str, str]:
        tools = self.installation.logs / "bin"
        tools.mkdir(exist_ok=True)
        stand_in = tools / "aws"
        stand_in.write_text(f'#!/bin/sh\nexec {sys.executable} -m tests.support.e2e.aws_command "$@"\n')
        stand_in.chmod(0o755)
        told = tools / "answers.json"
        told.write_text(json.dumps(self.answers), encoding="utf-8")
        path = os.pathsep.join([str(tools), str(Path(script("stream-worker")).parent), os.environ["PATH"]])
        environment = self.installation.environment()
        loopback = {"no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}  # for curl
        names = {"CLUSTER": "metrics", "WORKER": "worker", "EDGE_SERVICE": "edge"}
        return environment | loopback | names | {"PATH": path, "AWS_ANSWERS": str(told)}

    def _query(self, step: Step) -> str:
        """Ask DuckDB of the rejects that readers see."""
        lake, catalog = self.installation.cloud.lake, self.installation.cloud.catalog
        folder = self.installation.logs / "rejects"
        for day in catalog.days("rejects"):
            place = folder / f"dt={day}"
            place.mkdir(parents=True, exist_ok=True)
            for key in lake.keys(catalog.location("rejects", day) or ""):
                (place / key.rpartition("/")[2]).write_bytes(lake.get(key))
        with duckdb.connect() as database:
            database.execute("SET TimeZone = 'UTC'")
            database.execute(
                f"CREATE VIEW rejects AS FROM read_parquet('{folder}/*/*.parquet', hive_partitioning = true)"
            )
            found = database.execute(self.fill(step.command))
            head = [column[0] for column in found.description or []]
            return "\n".join("\t".join(map(str, row)) for row in [head, *found.fetchall()]) + "\n"
