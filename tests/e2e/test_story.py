"""`metrics-local fill` and `demo --days`, as used to get some weeks to look at."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from infra.fleets.story.making import make_story
from infra.local.system import clean_environment
from tests.support.e2e.installation import count, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.e2e.installation import Installation

SECONDS = 120


def test_fill_seals_days_beside_a_worker_that_reads_the_same_stream(installation: Installation) -> None:
    with installation.worker(flush_seconds=0.2) as worker:
        done = run(
            "metrics-local", "fill", "--days", "2", "--seed", "5",
            environment=installation.environment(), seconds=SECONDS,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        worker.check()
        assert count(worker, "worker.crashed") == 0
    days = sorted(installation.cloud.catalog.days("reports"))
    story = make_story(2, 5, days[-1])
    assert days == [one.day for one in story.days]
    for one in story.days:
        audit = run(
            "stream-worker", "audit", "--day", str(one.day), "--json", environment=installation.environment()
        )
        found = json.loads(audit.stdout)
        assert found["ok"], found["problems"]
        assert found["generation"] != "live"
        assert found["records"] == len(one.sent)
        assert {name: found[name] for name in one.outcomes} == one.outcomes
    again = run(
        "metrics-local", "fill", "--days", "2", environment=installation.environment(), seconds=SECONDS
    )
    assert again.returncode == 1
    assert "of these days already" in again.stderr


def test_the_demo_of_some_days_leaves_their_lake_and_says_what_to_look_for(tmp_path: Path) -> None:
    environment = clean_environment() | {"HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    lake = tmp_path / "lake"
    done = run(
        "metrics-local", "demo", "--days", "2", "--seed", "6", "--lake", str(lake),
        environment=environment, seconds=SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    found = pl.read_parquet(lake / "reports/sealed/*/*/*.parquet", hive_partitioning=True)
    days = sorted(found["dt"].unique())
    story = make_story(2, 6, days[-1])
    assert days == [one.day for one in story.days]
    truth = story.accepted.sort("dt", "stack_id")
    assert found.sort("dt", "stack_id").select(truth.columns).equals(truth)
    shown = " ".join(done.stdout.split())
    assert all(note in shown for note in story.notes)
    assert shown.endswith(str((lake / "report.html").resolve()))
    assert "<svg" in (lake / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("options", [("--reports", "5"), ("--engine", "poll")])
def test_what_is_the_one_days_does_not_go_with_days(tmp_path: Path, options: tuple[str, str]) -> None:
    done = run(
        "metrics-local", "demo", "--days", "2", *options, "--lake", str(tmp_path / "lake"),
        environment=clean_environment(),
    )  # fmt: skip
    assert done.returncode == 2
    assert "--days" in done.stderr


@pytest.mark.parametrize("days", ["0", "367", "x"])
def test_there_are_1_to_366_days(days: str) -> None:
    done = run("metrics-local", "fill", "--days", days, environment=clean_environment())
    assert done.returncode == 2


def test_fill_refuses_to_touch_aws_itself() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": "us-east-1"}
    done = run("metrics-local", "fill", "--days", "1", environment=clean_environment() | keys)
    assert done.returncode == 1
    assert "AWS_ENDPOINT_URL" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
