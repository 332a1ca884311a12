"""Whole days through the real commands: sealed, replayed, rolled back, while the stream holds them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from tests.support.e2e.installation import run
from tests.support.e2e.reshard import open_shards, split

if TYPE_CHECKING:
    import subprocess
    from datetime import date

    from tests.support.e2e.installation import Installation
    from tests.support.e2e.producer import Producer

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def put_on(installation: Installation, producer: Producer, days_ago: int, count: int = 200) -> date:
    """Put records that arrive on a day in the past, from noon on; return the day."""
    noon = TODAY - timedelta(days=days_ago, hours=-12)
    installation.cloud.set_clock(noon, jitter_seconds=3)
    producer.put(count)
    return noon.date()


def command(
    installation: Installation, *arguments: str, **settings: object
) -> subprocess.CompletedProcess[str]:
    return run("stream-worker", *arguments, environment=installation.environment("days", **settings))


def answer(installation: Installation, *arguments: str) -> dict[str, Any]:
    done = command(installation, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    told: dict[str, Any] = json.loads(line)
    return told


def rows(installation: Installation, table: str, day: date) -> pl.DataFrame:
    """Return what readers of a table see of a day, through the catalog."""
    lake = installation.cloud.lake
    prefix = installation.cloud.catalog.location(table, day)
    assert prefix is not None
    return pl.concat([pl.read_parquet(lake.get(key)) for key in lake.keys(prefix)])


def by_position(reports: pl.DataFrame) -> pl.DataFrame:
    return reports.sort("shard_id", "sequence_number", "sub_sequence_number")


def test_a_sealed_day_has_each_deployment_once_in_order_and_nothing_is_missing(
    installation: Installation, producer: Producer
) -> None:
    day = put_on(installation, producer, 2)
    put_on(installation, producer, 1)
    installation.drain(flush_records=50)
    live = rows(installation, "reports", day)
    sealed = answer(installation, "seal", "--day", str(day))
    assert sealed["switched"]
    found = rows(installation, "reports", day)
    assert found["stack_id"].is_sorted()
    assert found["stack_id"].is_unique().all()
    assert by_position(found).equals(by_position(live))
    assert len(found) + len(rows(installation, "rejects", day)) == sealed["records"] == 200
    again = answer(installation, "seal", "--day", str(day))
    assert again == sealed | {"switched": False}


def test_a_day_replayed_from_the_stream_has_the_rows_of_the_live_one(
    installation: Installation, producer: Producer
) -> None:
    day = put_on(installation, producer, 2)
    put_on(installation, producer, 1)
    installation.drain(flush_records=50)
    answer(installation, "seal", "--day", str(day))
    before = [rows(installation, table, day) for table in ("reports", "rejects")]
    replayed = answer(installation, "replay", "--from", str(day), "--to", str(day))
    assert replayed["changes"] == []
    assert replayed["switched"]
    after = [rows(installation, table, day) for table in ("reports", "rejects")]
    for was, is_now in zip(before, after, strict=True):
        assert by_position(is_now).equals(by_position(was))
    from_lake = answer(installation, "replay", "--from", str(day), "--to", str(day), "--source", "lake")
    assert from_lake["changes"] == []
    back = answer(installation, "rollback", "--day", str(day))
    assert back["generation"] == replayed["run"]


def test_a_replay_on_the_kinesis_client_library_gives_the_same_rows(
    installation: Installation, producer: Producer
) -> None:
    day = put_on(installation, producer, 3)
    split(installation, open_shards(installation)[0])
    put_on(installation, producer, 2)
    put_on(installation, producer, 1)
    installation.drain(flush_records=50)
    span = ("--from", str(day), "--to", str(day + timedelta(days=1)))
    by_poll = command(installation, "replay", *span, "--json")
    assert by_poll.returncode == 0, by_poll.stderr
    again = command(
        installation, "replay", *span, "--engine", "kcl", "--name", "kcl", "--json", flush_seconds=2
    )
    assert again.returncode == 0, again.stderr
    days = [json.loads(line) for line in again.stdout.splitlines()]
    assert [told["changes"] for told in days] == [[], []]
    assert all(told["source"].startswith("replay/run=kcl-") for told in days)


def test_the_days_that_seal_all_has_to_leave_are_a_metric(
    installation: Installation, producer: Producer
) -> None:
    def left(*, status: int) -> int:
        done = command(installation, "seal", "--all")
        assert done.returncode == status, done.stderr
        line = json.loads(done.stderr.splitlines()[-1])
        assert line["event"] == "seal.finished"
        assert line["application"] == f"{installation.cloud.resources.stream}-days"
        return int(line["unsealed_days"])

    put_on(installation, producer, 3)
    put_on(installation, producer, 1)
    installation.drain(flush_records=50)
    producer.put(50)
    assert left(status=1) == 1, "what is not committed yet keeps a day open"
    installation.drain("again")
    assert left(status=0) == 0
