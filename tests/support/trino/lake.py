"""A small lake that has one of everything, and one old day that is larger than all the rest together."""

from __future__ import annotations

import hashlib
import random
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from infra.analytics.lake_folder import FolderLake
from schemas.tables import REJECTS, REPORTS
from stream_worker.lake.keys import LIVE, PartKey, shown_folder
from stream_worker.lake.segment import parquet
from stream_worker.publication.switch import Switch
from tests.support.analytics.lakes import put_switch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from schemas.tables import Table

NEWEST: Final = date(2026, 11, 20)
OLD_ROWS: Final = 20_000
"""Of each table, on the oldest day, which no question asks for."""

_OLDEST, _LONELY, _DAYS = 240, 150, 75  # days before the newest: two days alone, then one after the other
_MISSING, _EMPTY, _LIVE = 45, 30, 2
_FLEET: Final = 60
_VERSIONS: Final = ("1.9.0", "1.10.0-rc.1", "1.10.0", "1.10.1", "2.0.0-beta.2", "2.0.0", f"{10**20}.0.0")
_BUILDS: Final = ("", "", "+b7", "+b-7.x")
_REASONS: Final = (
    ("malformed", None),
    ("invalid", "$.version"),
    ("fraud", "counters_alike"),
    ("duplicate", None),
)


@dataclass(frozen=True, slots=True)
class _Deployment:
    stack_id: str
    first: int  # days before the newest
    last: int
    diligence: float


def write_lake(root: Path) -> None:
    """Write it: a day is missing, one is empty, the newest two are live and in several files each."""
    lake, luck = FolderLake(root), random.Random(7)
    fleet = [_deployment(luck) for _ in range(_FLEET)]
    for ago in (_OLDEST, _LONELY, *range(_DAYS, -1, -1)):
        if ago == _MISSING:
            continue
        day = NEWEST - timedelta(days=ago)
        reports = [] if ago == _EMPTY else list(_reports(luck, fleet, ago))
        if ago == _OLDEST:
            reports *= OLD_ROWS // len(reports) + 1
        rejects = [_reject(luck, row) for row in reports if ago == _OLDEST or luck.random() < 0.2]
        _write(lake, day, REPORTS, reports, live=ago < _LIVE)
        _write(lake, day, REJECTS, rejects, live=ago < _LIVE)


def _deployment(luck: random.Random) -> _Deployment:
    first = luck.choice((_OLDEST, _LONELY, luck.randrange(_DAYS)))
    stack_id = str(uuid.UUID(int=luck.getrandbits(128), version=4))
    return _Deployment(stack_id, first, max(0, first - luck.randrange(_OLDEST * 2)), luck.random())


def _reports(luck: random.Random, fleet: list[_Deployment], ago: int) -> Iterator[tuple[Any, ...]]:
    """Yield a day's reports; some counters are as large as they may be, and some deployments report twice."""
    for number, deployment in enumerate(fleet):
        if not deployment.last <= ago <= deployment.first or luck.random() > 0.5 + deployment.diligence / 2:
            continue
        step = (_DAYS - min(ago, _DAYS)) // 10 + round(deployment.diligence)
        version = _VERSIONS[min(step, len(_VERSIONS) - 1)] + _BUILDS[(number + ago) % len(_BUILDS)]
        counters = [luck.choice((0, 0, luck.randrange(100), 2**53 - 1 - number)) for _ in range(6)]
        second = luck.randrange(24 * 60 * 60)
        arrived = datetime.combine(NEWEST, time(), UTC) + timedelta(days=-ago, seconds=second, milliseconds=7)
        row = (deployment.stack_id, version, *counters, arrived, "shardId-000000000000", str(number), 0)
        yield from (row, row) if ago == 0 and number % 10 == 0 else (row,)


def _reject(luck: random.Random, report: tuple[Any, ...]) -> tuple[Any, ...]:
    *_, arrived, shard, number, sub = report
    body = luck.randbytes(9)
    told = (*luck.choice(_REASONS), None, body, len(body), hashlib.sha256(body).hexdigest(), "v1", "0.1.0")
    return (shard, number, sub, arrived, report[0], *told)


def _write(lake: FolderLake, day: date, table: Table, rows: list[tuple[Any, ...]], *, live: bool) -> None:
    """Write a day's rows: those of a sealed one live too, where readers are not pointed any more."""
    frame = pl.DataFrame(rows, schema=table.polars, orient="row")
    half = len(frame) // 2
    for number, part in enumerate((frame[:half], frame[half:], frame[:0])):
        lake.put_new(f"{shown_folder(table.name, day, LIVE)}{number}.parquet", parquet(part), {})
    if not live:
        run = f"run{day:%Y%m%d}"
        lake.put_new(PartKey(table.name, day, run, 0).key, parquet(frame), {})
        at = datetime.combine(day + timedelta(days=1), time(1), UTC)
        put_switch(lake, Switch(day=day, at=at, why="seal", before=LIVE, after=run))
