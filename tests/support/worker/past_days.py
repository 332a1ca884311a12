"""Streams whose records arrive on a day in the past, and how a lake is filled from them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from infra.local.emulator import clocks
from infra.local.emulator.control import ask
from tests.support.worker.polling import engine

if TYPE_CHECKING:
    from stream_worker.lake.store import MemoryLake
    from tests.conftest import Cloud

DAY = date(2026, 11, 22)
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
NOON = MIDNIGHT - timedelta(hours=12)
FIRST_SHARD = "shardId-000000000000"


def set_clock(cloud: Cloud, stream: str, now: datetime, jitter: float = 0) -> None:
    told = {"now": now.isoformat(), "jitter_seconds": jitter}
    ask(cloud.url, "PUT", f"{clocks.PATH}?stream={stream}", told)


def drain(cloud: Cloud, stream: str, lake: MemoryLake) -> None:
    engine(cloud.kinesis, stream, lake).run()
