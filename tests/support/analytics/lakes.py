"""Lakes in folders, written as the worker writes them, of rows that a test chooses."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from infra.analytics.lake_folder import FolderLake
from schemas.tables import COUNTER_COLUMNS, REJECTS, REPORTS
from stream_worker.lake.keys import LIVE, SwitchKey, shown_folder
from stream_worker.lake.segment import parquet
from stream_worker.publication.switch import Switch
from tests.support.analytics.truth import DAY, Truth

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.support.analytics.truth import Row

RUN = "0a1b2c3d"

FORMER_RULE = "version_not_semantic"
"""A fraud rule that there is no more: lakes that were written before have it in their rejects."""


def moment(day: date) -> datetime:
    """When a made lake's records of a day arrive."""
    return datetime(day.year, day.month, day.day, 12, 30, 15, 250_000, tzinfo=UTC)


def report(day: date, who: int, version: str = "1.9.1", counters: Sequence[int] = (4, 0, 2, 0, 2, 0)) -> Row:
    """Return a row of `Truth.reports`."""
    return (day, str(uuid.UUID(int=who, version=4)), version, *counters)


def write(folder: Path, truth: Truth) -> Path:
    """Write what is known as a lake: a file a day and table, at the generation that `states` says."""
    for day, state in truth.states.items():
        run = RUN if state == "sealed" else LIVE
        _write(folder / shown_folder("reports", day, run), _reports(truth, day))
        _write(folder / shown_folder("rejects", day, run), _rejects(truth, day))
        if run != LIVE:
            switch = Switch(day=day, at=moment(day) + DAY, why="seal", before=LIVE, after=run)
            put_switch(FolderLake(folder), switch)
    for day in {row[0] for row in (*truth.reports, *truth.rejects)}:
        truth.arrivals[day] = moment(day).replace(tzinfo=None)
    return folder


def fleet(days: int, seed: int, last: date) -> Truth:
    """Return a made fleet that joins, pauses, leaves and upgrades at random, with a silent day or two."""
    rng = random.Random(seed)
    first = last - (days - 1) * DAY
    states = {first + n * DAY: "sealed" for n in range(days)}
    for silent in rng.sample(sorted(states)[1:-1], 2):
        del states[silent]
    states[last] = "live"
    truth = Truth([], [], states)
    for who in range(1, 121):
        start, end = sorted(rng.sample(range(-days // 2, days + days // 3), 2))
        often, size = rng.choice([1.0, 1.0, 0.9, 0.3, 0.06]), rng.lognormvariate(3, 2)
        for number in range(max(0, start), min(days, end)):
            day = first + number * DAY
            if day in states and rng.random() < often:
                counters = [int(rng.expovariate(1 / size)) if rng.random() < 0.8 else 0 for _ in range(6)]
                truth.reports.append(report(day, who, _version(rng, number, days), counters))
    for day in states:
        for _ in range(rng.randrange(4)):
            truth.rejects.append(
                (
                    day,
                    *rng.choice(
                        [
                            ("invalid", "$"),
                            ("fraud", "nonce_sequence"),
                            ("fraud", FORMER_RULE),
                            ("duplicate", None),
                        ]
                    ),
                )
            )
    return truth


def _version(rng: random.Random, number: int, days: int) -> str:
    out = ["1.9.0", "1.10.0-rc.1", "1.10.0", "1.10.1", "2.0.0-rc.2", "2.0.0-rc.10", "2.0.0"]
    newest = number * len(out) // days
    version = out[max(0, newest - int(rng.expovariate(0.9)))]
    return version + rng.choice(("", "", "", "+b7", "+20261122.sha-5114f85"))


def _reports(truth: Truth, day: date) -> pl.DataFrame:
    rows = [
        {
            "stack_id": row[1],
            "version": row[2],
            **dict(zip(COUNTER_COLUMNS, row[3:], strict=True)),
            "arrived_at": moment(day) - timedelta(minutes=n % 700),
            "shard_id": "shardId-000000000000",
            "sequence_number": str(10**20 + n),
            "sub_sequence_number": 0,
        }
        for n, row in enumerate(row for row in truth.reports if row[0] == day)
    ]
    return pl.DataFrame(rows, schema=REPORTS.polars)


def _rejects(truth: Truth, day: date) -> pl.DataFrame:
    rows = [
        {
            **dict.fromkeys(REJECTS.polars, ""),
            "sequence_number": str(10**21 + n),
            "sub_sequence_number": 0,
            "arrived_at": moment(day),
            "reason": reason,
            "rule": rule,
            "body": b"{}",
            "body_length": 2,
        }
        for n, (_, reason, rule) in enumerate(row for row in truth.rejects if row[0] == day)
    ]
    return pl.DataFrame(rows, schema=REJECTS.polars)


def _write(folder: Path, rows: pl.DataFrame) -> None:
    folder.mkdir(parents=True)
    (folder / "part-00000.parquet").write_bytes(parquet(rows))


def put_switch(lake: FolderLake, switch: Switch) -> None:
    """Put the note of a switch where the worker puts it."""
    key = SwitchKey(switch.day, switch.at, switch.after).key
    lake.put_new(key, switch.model_dump_json().encode(), {})


def put_back(folder: Path, day: date) -> None:
    """Note what a rollback notes: readers of a sealed day see what is live."""
    switch = Switch(day=day, at=moment(day) + 2 * DAY, why="rollback", before=RUN, after=LIVE)
    put_switch(FolderLake(folder), switch)
