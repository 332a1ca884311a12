"""The poll engine: one thread reads every shard of the stream, parents before children.

For one machine, tests and bounded replays. It keeps no state: each shard goes on where its chain in the lake
ends. Production runs on the Kinesis Client Library.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from stream_worker.aws_errors import told_of_stream
from stream_worker.engines.reader import PAGE_RECORDS, ShardReader
from stream_worker.engines.shards import list_shards
from stream_worker.engines.tip import Mark

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_kinesis import KinesisClient

    from stream_worker.engines.reader import Page
    from stream_worker.processor import Processor
    from stream_worker.shard import Shard
    from stream_worker.span import Span
    from stream_worker.stop import Stop

_HELD_BYTES: Final = 48 * 1024 * 1024
"""Bodies that wait on all shards together: room for one whole buffer, and the others' beginnings."""

_READ_SECONDS: Final = 0.2  # between reads of one shard: Kinesis allows five a second
_LISTING_SECONDS: Final = 10.0  # between listings of the shards, while nothing has ended


@dataclass(slots=True)
class _Life:
    """A shard under way: `next_read` is the steady time to wait for, `mark` where a drain may end."""

    shard: Shard
    processor: Processor
    reader: ShardReader
    mark: Mark | None = None
    next_read: float = 0.0


@dataclass(slots=True)
class PollEngine:
    """Reads `stream` until `stop` is set or, with `drain`, to each shard's tip as it was at the start.

    With a `span` it begins there, and a shard ends for it where the span is passed. However many shards there
    are, no more than `held_bytes` of their records' bodies wait for a commit.
    """

    kinesis: KinesisClient
    stream: str
    make_processor: Callable[[Shard], Processor]
    stop: Stop
    drain: bool = False
    span: Span | None = None
    page: int = PAGE_RECORDS
    held_bytes: int = _HELD_BYTES
    clock: Callable[[], float] = time.monotonic
    _lives: dict[str, _Life] = field(default_factory=dict)
    _finished: set[str] = field(default_factory=set)
    _next_listing: float = 0.0

    def run(self) -> None:
        """Read and hand on; return when asked to, or drained, with everything committed.

        Raises `SetupError` when the stream is missing or refused, `OutageError` when Kinesis does not answer.
        """
        with told_of_stream(self.stream):
            self._read_on()

    def _read_on(self) -> None:
        scope = {shard.shard_id for shard in list_shards(self.kinesis, self.stream)} if self.drain else None
        while not self.stop.is_set():
            if self.clock() >= self._next_listing:
                self._start_shards(scope)
            got_records = [self._read(life) for life in list(self._lives.values())]
            if scope is not None and scope <= self._finished:
                return
            if not any(got_records):
                self.stop.wait(_READ_SECONDS)
        for life in self._lives.values():
            life.processor.finish()

    def _start_shards(self, scope: set[str] | None) -> None:
        self._next_listing = self.clock() + _LISTING_SECONDS
        shards = list_shards(self.kinesis, self.stream)
        for shard in shards:
            known = shard.shard_id in self._lives or shard.shard_id in self._finished
            wanted = scope is None or shard.shard_id in scope
            if wanted and not known and self._finished.issuperset(shard.ancestors):
                self._lives[shard.shard_id] = self._begin(shard)

    def _begin(self, shard: Shard) -> _Life:
        # Made before the first read: whatever is on the shard now is before it.
        mark = Mark(self.kinesis, self.stream, shard.shard_id) if self.drain else None
        processor = self.make_processor(shard)
        # The chain's end may lie inside an aggregate: the processor passes over what is committed.
        since = None if self.span is None else self.span.since
        reader = ShardReader(self.kinesis, self.stream, shard, processor.end, since, self.page)
        return _Life(shard, processor, reader, mark)

    def _read(self, life: _Life) -> bool:
        """Read one page of a shard when its time has come; say whether it held records."""
        now = self.clock()
        if now < life.next_read:
            return False
        life.next_read = now + _READ_SECONDS
        page = life.reader.read()
        if page is None:
            return True
        if len(page.records):
            life.processor.receive(page.records, page.milliseconds_behind)
            self._relieve()
        else:
            life.processor.tick(page.milliseconds_behind)
        if page.at_tip and not page.ended:
            life.processor.reach_tip()
        passed = self.span is not None and self.span.passed(page.records)
        if page.ended or passed or self._drained(life, page):
            self._finish(life.shard.shard_id, page)
        return page.raw > 0

    def _relieve(self) -> None:
        """Commit the fullest shards' records early while all together hold too many bytes."""
        while sum(held := [life.processor.held_bytes for life in self._lives.values()]) > self.held_bytes:
            list(self._lives.values())[held.index(max(held))].processor.flush()

    def _drained(self, life: _Life, page: Page) -> bool:
        """Say whether all is read that was on the shard when its reading began: at the tip, or past the mark.

        The mark is for shards that never come to rest; each look at it is a read of the shard as well.
        """
        if life.mark is None or page.at_tip or life.reader.last is None or not page.raw:
            return self.drain and page.at_tip
        life.next_read += _READ_SECONDS
        return life.mark.passed(life.reader.last)

    def _finish(self, shard_id: str, page: Page) -> None:
        processor = self._lives.pop(shard_id).processor
        processor.finish(ended=page.ended)
        if page.at_tip and not page.ended:  # now nothing waits any more
            processor.reach_tip()
        self._finished.add(shard_id)
        self._next_listing = 0.0  # its children can start
