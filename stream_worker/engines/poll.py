"""The poll engine: one thread reads every shard of the stream, parents before children.

For one machine, tests and bounded replays. It keeps no state: it reads each shard from where its chain in the
lake ends. Production runs on the Kinesis Client Library.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog

from stream_worker.process.errors import RefusedError
from stream_worker.stream.horizon import KinesisHorizon
from stream_worker.stream.kinesis import PAGE_RECORDS, READ_SECONDS, ShardNotFoundError
from stream_worker.stream.reader import ShardReader
from stream_worker.stream.tip import Mark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stream_worker.process.stop import Stop
    from stream_worker.shard_life.processor import Processor
    from stream_worker.stream.kinesis import KinesisStream
    from stream_worker.stream.reader import Page
    from stream_worker.stream.shard import Shard
    from stream_worker.stream.span import Span

_HELD_BYTES: Final = 48 * 1024 * 1024
"""Uncommitted bodies on all shards together: one full buffer, and the beginnings of others."""

_LISTING_SECONDS: Final = 10.0  # between listings of the shards, while nothing has ended

log = structlog.get_logger("poll")


@dataclass(slots=True)
class _Life:
    """A shard that is being read: `next_read` is a time of the steady clock, `mark` where a drain ends."""

    shard: Shard
    processor: Processor
    reader: ShardReader
    mark: Mark | None = None
    next_read: float = 0.0


@dataclass(slots=True)
class PollEngine:
    """Reads `stream` until `stop` is set or, with `drain`, to each shard's tip as it was at the start.

    With a `span` it begins there and finishes a shard where the span is passed. On all shards together, at
    most `held_bytes` of bodies wait for their commit.
    """

    stream: KinesisStream
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
        """Read and process; return when stopped or drained, with everything committed.

        Raises `SetupError` when the stream is missing or refused, `OutageError` when Kinesis does not answer.
        """
        listed = self.stream.shards() if self.drain else None
        scope = None if listed is None else {shard.shard_id: shard for shard in listed}
        while not self.stop.is_set():
            if self.clock() >= self._next_listing:
                self._start_shards(scope)
            got_records = [self._read_unless_expired(life) for life in list(self._lives.values())]
            if scope is not None and scope.keys() <= self._finished:
                return
            if not any(got_records):
                self.stop.wait(READ_SECONDS)
        for life in self._lives.values():
            life.processor.finish()

    def _start_shards(self, scope: Mapping[str, Shard] | None) -> None:
        """Start the shards whose parents are finished; in a drain's scope, also those that have expired."""
        self._next_listing = self.clock() + _LISTING_SECONDS
        listed = {shard.shard_id: shard for shard in self.stream.shards()}
        startable = (
            listed if scope is None else {name: listed.get(name, shard) for name, shard in scope.items()}
        )
        for name, shard in startable.items():
            known = name in self._lives or name in self._finished
            if not known and self._finished.issuperset(shard.ancestors):
                self._lives[name] = self._begin(shard)

    def _begin(self, shard: Shard) -> _Life:
        processor = self.make_processor(shard)
        # The chain may end inside an aggregate: the processor skips what is committed.
        since = None if self.span is None else self.span.since
        reader = ShardReader(self.stream, shard, processor.end, since, self.page)
        return _Life(shard, processor, reader)

    def _read_unless_expired(self, life: _Life) -> bool:
        """Read a page as `_read` does; finish a shard that the stream no longer lists.

        A closed one can expire between its listing and any read of it. Raises as `KinesisStream` does if it
        is listed, or the stream is gone.
        """
        try:
            return self._read(life)
        except ShardNotFoundError:
            if self.stream.lists(life.shard):
                raise
        self._refuse_expired(life.shard)
        note = "normal for a closed shard; if records may be missing, shard.gap is logged too"
        log.info("shard.expired", shard_id=life.shard.shard_id, note=note)
        self._lives.pop(life.shard.shard_id).processor.finish(expired=True)
        self._finished.add(life.shard.shard_id)
        self._next_listing = 0.0
        return True

    def _refuse_expired(self, shard: Shard) -> None:
        """Raise `RefusedError` if an expired shard may have had records of the span."""
        if self.span is None:
            return
        horizon = KinesisHorizon(self.stream, shard)
        if not horizon.remembers(round(self.span.since.timestamp() * 1000)):
            what = f"the stream has forgotten {shard.shard_id}, which may have had records of these days"
            raise RefusedError(f"{what}: use --source lake")

    def _read(self, life: _Life) -> bool:
        """Read one page of a shard if its next read is due; return whether it had records."""
        now = self.clock()
        if now < life.next_read:
            return False
        life.next_read = now + READ_SECONDS
        if self.drain and life.mark is None:
            # Set before the first read: everything that is on the shard now is before it.
            life.mark = Mark(self.stream, life.shard.shard_id)
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
        """Commit the fullest shards early while all shards together hold too many bytes."""
        while sum(held := [life.processor.held_bytes for life in self._lives.values()]) > self.held_bytes:
            list(self._lives.values())[held.index(max(held))].processor.flush()

    def _drained(self, life: _Life, page: Page) -> bool:
        """Return whether everything that was on the shard at the start is read: at the tip, or past the mark.

        The mark is for shards that never become quiet; each check of it also counts as a read of the shard.
        """
        if life.mark is None or page.at_tip or life.reader.last is None or not page.raw:
            return self.drain and page.at_tip
        life.next_read += READ_SECONDS
        return life.mark.passed(life.reader.last)

    def _finish(self, shard_id: str, page: Page) -> None:
        processor = self._lives.pop(shard_id).processor
        processor.finish(ended=page.ended)
        if page.at_tip and not page.ended:  # now nothing is uncommitted
            processor.reach_tip()
        self._finished.add(shard_id)
        self._next_listing = 0.0  # its children can start
