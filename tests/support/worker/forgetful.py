"""A stream that remembers a day, the lake that its worker fills, and clients whose requests take long."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from stream_worker.days.completeness import Completeness
from stream_worker.engines.poll import PollEngine
from stream_worker.lake.chain import Chain
from stream_worker.lake.committed import read_day
from stream_worker.lake.keys import LIVE
from stream_worker.lake.store import MemoryLake
from stream_worker.process.problem import Kind
from stream_worker.process.stop import Stop
from stream_worker.shard_life.processor import Processor
from stream_worker.stream.horizon import KinesisHorizon
from stream_worker.stream.kinesis import KinesisStream
from tests.support.worker.past_days import set_clock
from tests.support.worker.polling import NEVER, put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_kinesis import KinesisClient

    from stream_worker.days.completeness import Proven
    from stream_worker.process.limits import Limits
    from stream_worker.stream.shard import Shard
    from tests.conftest import Cloud

DAY = date(2025, 3, 1)
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
"""Long ago: this machine's clock must say that a chain's end is old."""

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@dataclass
class Site:
    """A stream that remembers a day and was made long ago, and the lake that its worker fills."""

    cloud: Cloud
    stream: str
    lake: MemoryLake = field(default_factory=MemoryLake)
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(10**6)))
    kept: list[tuple[str, int]] = field(default_factory=list)

    @classmethod
    def made(cls, cloud: Cloud, stream: str) -> Site:
        """Make the stream, an hour before noon of the day."""
        set_clock(cloud, stream, NOON - HOUR)
        cloud.kinesis.create_stream(StreamName=stream, ShardCount=1)
        return cls(cloud, stream)

    def at(self, hours: float, count: int = 0, *, lost: bool = False) -> list[tuple[str, int]]:
        """Let it be so many hours after noon of the day; put reports then."""
        set_clock(self.cloud, self.stream, NOON + hours * HOUR)
        places = put(self.cloud, self.stream, [next(self.numbers) for _ in range(count)]) if count else []
        if not lost:
            self.kept += places
        return places

    def work(self, limits: Limits = NEVER, kinesis: KinesisClient | None = None) -> list[dict[str, Any]]:
        """Run the worker up to the tip; return the gaps in its log."""
        stream = KinesisStream(kinesis or self.cloud.kinesis, self.stream)

        def make_processor(shard: Shard) -> Processor:
            horizon = KinesisHorizon(stream, shard)
            return Processor(Chain(self.lake, shard), limits, lambda _: None, horizon=horizon)

        with structlog.testing.capture_logs() as lines:
            PollEngine(stream, make_processor, Stop(), drain=True, page=7).run()
        return [dict(line) for line in lines if line["event"] == "shard.gap"]

    def days(self) -> list[int]:
        """Return the days with a gap, counted from the first."""
        return [number for number in range(-2, 12) if self.gaps(DAY + timedelta(days=number))]

    def gaps(self, day: date) -> list[tuple[str | None, str | None]]:
        problems = read_day(self.lake, LIVE, day).problems
        assert all(problem.kind is Kind.FORGOTTEN for problem in problems)
        return [(problem.shard_id, problem.position) for problem in problems]

    def prove(self, day: date, hours: float, kinesis: KinesisClient | None = None) -> dict[str, Proven]:
        now, stream = NOON + hours * HOUR, KinesisStream(kinesis or self.cloud.kinesis, self.stream)
        asked = Completeness(stream, self.lake, MINUTE, now=lambda: now, pause=lambda _: None)
        return {found.shard_id[-1]: found for found in asked.prove(day)}


@dataclass
class Hooked:
    """A client after whose first page with records something happens."""

    kinesis: KinesisClient
    hook: Callable[[], object]
    done: bool = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the client has
        return getattr(self.kinesis, name)

    def get_records(self, **arguments: Any) -> Any:  # noqa: ANN401 - the client's own
        page = self.kinesis.get_records(**arguments)
        if not self.done and len(page["Records"]) > 1:
            self.done = True
            self.hook()
        return page


@dataclass
class Late:
    """A client before whose first call of one kind something happens."""

    kinesis: KinesisClient
    operation: str
    hook: Callable[[], object]
    done: bool = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the client has
        if name == self.operation and not self.done:
            self.done = True
            self.hook()
        return getattr(self.kinesis, name)


@dataclass
class Slow:
    """A client that takes its time between two requests."""

    kinesis: KinesisClient
    pause: Callable[[], object]

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the client has
        return getattr(self.kinesis, name)

    def get_shard_iterator(self, **arguments: Any) -> Any:  # noqa: ANN401 - the client's own
        self.pause()
        return self.kinesis.get_shard_iterator(**arguments)
