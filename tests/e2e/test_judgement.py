"""A new rule is applied by the real commands: code that has one closes days that were closed without it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pytest

from stream_worker.judging.judgement import JUDGEMENT
from tests.e2e.test_days import answer, command, put_on, rows
from tests.support.e2e.installation import run

if TYPE_CHECKING:
    from datetime import date

    from tests.support.e2e.installation import Installation
    from tests.support.e2e.producer import Producer

ROOT: Final = Path(__file__).parents[2]
RULE: Final = """RULES: Final = (
    Rule("all", 1, "A rule that nothing passes.", lambda _: pl.lit(value=True)),
"""
DAY_RULE: Final = """class _Everything(Finding):
    def __len__(self) -> int:
        return 1

    def broken(self, reports: pl.DataFrame) -> pl.Series:
        return pl.repeat(value=True, n=len(reports), eager=True)


RULES: Final = (
    DayRule("all_day", 1, "A rule that nothing passes.", lambda *_: _Everything()),
"""


@pytest.fixture
def stricter(tmp_path: Path) -> Path:
    """Return a folder with the worker's code of tomorrow, which has two rules more."""
    for package in ("schemas", "stream_worker"):
        left_out = shutil.ignore_patterns("__pycache__", "jars")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=left_out)
    for module, rules in (("fraud", RULE), ("day_fraud", DAY_RULE)):
        path = tmp_path / "stream_worker" / "judging" / f"{module}.py"
        text = path.read_text("utf-8")
        assert text.count("RULES: Final = (\n") == 1
        path.write_text(text.replace("RULES: Final = (\n", rules), "utf-8")
    return tmp_path


def answered(installation: Installation, code: Path, *arguments: str) -> dict[str, Any]:
    """Run a command of the code in a folder."""
    environment = installation.environment("days") | {"PYTHONPATH": str(code)}
    done = run("stream-worker", *arguments, "--json", environment=environment)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def closed(installation: Installation, producer: Producer) -> tuple[date, dict[str, Any]]:
    """Return a day that is committed and sealed, and what the seal said."""
    day = put_on(installation, producer, 2)
    put_on(installation, producer, 1)
    installation.drain(flush_records=50)
    return day, answer(installation, "seal", "--day", str(day))


def test_a_new_rule_is_applied_by_a_replay_which_says_what_judged_before(
    installation: Installation, producer: Producer, stricter: Path
) -> None:
    day, sealed = closed(installation, producer)
    span = ("--from", str(day), "--to", str(day))
    replayed = answer(installation, "replay", *span)
    assert replayed["changes"] == []
    by_rule = answered(installation, stricter, "replay", *span)
    assert len({sealed["run"], replayed["run"], by_rule["run"]}) == 3
    assert by_rule["switched"]
    assert {one["before"]: one["records"] for one in by_rule["changes"]}["accepted"] == sealed["accepted"] > 0
    assert (by_rule["accepted"], by_rule["live_settled_by"]) == (0, [JUDGEMENT.id])
    assert (sealed["judgement"], replayed["judgement"]) == (JUDGEMENT.id, JUDGEMENT.id)
    assert by_rule["judgement"] != JUDGEMENT.id
    assert rows(installation, "reports", day).is_empty()
    assert set(rows(installation, "rejects", day).filter(rule="all")["code_version"]) == {
        by_rule["judgement"]
    }
    again = answered(installation, stricter, "replay", *span)
    assert again == by_rule | {"switched": False, "changes": []}
    from_lake = answered(installation, stricter, "replay", *span, "--source", "lake")
    assert (from_lake["accepted"], from_lake["changes"]) == (0, [])
    environment = installation.environment("days") | {"PYTHONPATH": str(stricter)}
    told = run("stream-worker", "replay", *span, environment=environment).stdout
    assert f"settled live by judgement {JUDGEMENT.id}, and now by {by_rule['judgement']}" in told
    back = answer(installation, "replay", *span)
    assert back["run"] == replayed["run"]
    assert back["accepted"] == replayed["accepted"]


def test_a_new_rule_over_a_day_is_applied_by_a_seal_which_says_what_it_leaves_as_it_was(
    installation: Installation, producer: Producer, stricter: Path
) -> None:
    day, sealed = closed(installation, producer)
    by_rule = answered(installation, stricter, "seal", "--day", str(day))
    assert by_rule["switched"]
    assert by_rule["run"] != sealed["run"]
    assert by_rule["rejudged"] == {"all_day": sealed["accepted"]}
    assert (by_rule["settled_by"], sealed["settled_by"]) == ([JUDGEMENT.id], [JUDGEMENT.id])
    found = rows(installation, "rejects", day)
    assert len(found.filter(pl.col("rule") == "all_day")) == sealed["accepted"]
    assert len(found.filter(pl.col("rule") == "all")) == 0
    environment = installation.environment("days") | {"PYTHONPATH": str(stricter)}
    told = run("stream-worker", "seal", "--day", str(day), environment=environment).stdout
    assert f"settled by judgement {JUDGEMENT.id}, and the day by {by_rule['judgement']}" in told
    assert "`replay` does that" in told
    listed = command(installation, "generations", "--day", str(day), "--json").stdout.splitlines()
    judged = [json.loads(line)["judged_by"] for line in listed]
    assert judged == [[JUDGEMENT.id], [JUDGEMENT.id], [by_rule["judgement"]]]
    assert answer(installation, "seal", "--day", str(day))["run"] == sealed["run"]
