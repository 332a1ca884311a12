"""`python -m infra.analytics` and `metrics-local report`, as processes."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from typing import TYPE_CHECKING

from infra.analytics.questions import QUESTIONS
from infra.local.system import clean_environment
from tests.support.analytics import lakes
from tests.support.analytics.truth import Truth
from tests.support.e2e.installation import run as run_script

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.infra.analytics.conftest import Filled

LAST = date(2026, 11, 22)


def run(*arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.analytics", *arguments],
        env=clean_environment() | dict(environment or {}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_list_names_each_question_for_people_and_machines() -> None:
    assert [line.split()[0] for line in run("list").stdout.splitlines()] == list(QUESTIONS)
    found = [json.loads(line) for line in run("list", "--json").stdout.splitlines()]
    assert {one["name"]: one["columns"] for one in found} == {
        name: dict(question.columns) for name, question in QUESTIONS.items()
    }


def test_query_answers_from_the_environments_bucket(filled: Filled) -> None:
    done = run("query", "version_adoption", "--json", environment=filled.cloud.environment)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [tuple(json.loads(line).values()) for line in done.stdout.splitlines()]
    assert rows == [(str(row[0]), *row[1:]) for row in filled.truth.version_adoption()]


def test_query_shows_a_table_in_full(filled: Filled) -> None:
    done = run("query", "freshness", "--lake", str(filled.folder), environment={"COLUMNS": "60"})
    assert done.returncode == 0
    accepted = sum(row[2] for row in filled.truth.freshness())
    shown = [line.split("│")[3].strip() for line in done.stdout.splitlines() if line.count("│") == 6]
    assert sum(int(cell.replace(",", "")) for cell in shown if cell) == accepted


def test_a_great_sum_is_whole_in_json(tmp_path: Path) -> None:
    most = 2**53 - 1
    reports = [lakes.report(LAST, who, counters=(most, most, 0, 0, 0, 0)) for who in range(1, 1101)]
    lakes.write(tmp_path, Truth(reports, [], {LAST: "sealed"}))
    done = run("query", "failure_rates", "--json", "--lake", str(tmp_path))
    (row,) = map(json.loads, done.stdout.splitlines())
    assert (row["calls"], row["failures"]) == (1100 * 2 * most, 1100 * most)


def test_what_cannot_be_is_told_in_one_line(tmp_path: Path) -> None:
    for arguments, status, said in (
        (["query", "growth"], 1, "METRICS_BUCKET"),
        (["query", "grow", "--lake", str(tmp_path)], 2, "'grow'"),
        (["report", "--lake", str(tmp_path / "no")], 1, "there is no folder"),
        (["report", "--lake", str(tmp_path), "--to", str(tmp_path / "no" / "x.html")], 1, "make it first"),
    ):
        done = run(*arguments)
        assert (done.returncode, "Traceback" in done.stderr) == (status, False), done.stderr
        assert said in done.stderr


def test_both_commands_write_the_same_page(filled: Filled, tmp_path: Path) -> None:
    ours, locals_ = tmp_path / "ours.html", tmp_path / "locals.html"
    done = run("report", "--to", str(ours), environment=filled.cloud.environment)
    assert done.returncode == 0, done.stderr
    assert str(ours) in done.stdout
    other = run_script(
        "metrics-local", "report", "--to", str(locals_),
        environment=clean_environment() | filled.cloud.environment, seconds=120,
    )  # fmt: skip
    assert other.returncode == 0, other.stderr
    assert ours.read_bytes() == locals_.read_bytes()
    assert sorted(tmp_path.iterdir()) == [locals_, ours]
