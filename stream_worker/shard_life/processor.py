"""A shard's life: engines deliver records, which are settled, committed and checkpointed, in this order."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import structlog

from stream_worker.judging import pipeline
from stream_worker.judging.judgement import JUDGEMENT
from stream_worker.lake.segment import Segment
from stream_worker.shard_life.buffer import Buffer
from stream_worker.shard_life.continuity import Continuity
from stream_worker.shard_life.pulse import LoggedPulse, Uncommitted
from stream_worker.stream.records import LATEST, START

if TYPE_CHECKING:
    from datetime import date

    from stream_worker.judging.judgement import Judgement
    from stream_worker.judging.seen import Seen
    from stream_worker.lake.chain import Chain, Commit
    from stream_worker.process.limits import Limits
    from stream_worker.shard_life.continuity import Horizon
    from stream_worker.shard_life.pulse import Pulse
    from stream_worker.stream.records import Position, Records

Checkpoint = Callable[["Position"], None]
"""Called with a position up to which everything is committed: the engine may checkpoint it."""

Announce = Callable[["date"], None]
"""Called with a day after each commit, to show the day to readers; it neither fails nor takes long."""

_DAYS_REMEMBERED: Final = 2  # around midnight, records of two days alternate

log = structlog.get_logger("processor")


class Processor:
    """One shard under one owner, called from one thread; an exception means that a service failed."""

    def __init__(  # noqa: PLR0913 - one argument for each thing that a shard's life needs from outside
        self,
        chain: Chain,
        limits: Limits,
        checkpoint: Checkpoint,
        clock: Callable[[], float] = time.monotonic,
        *,
        checkpointed: Position = START,
        horizon: Horizon | None = None,
        pulse: Pulse | None = None,
        announce: Announce = lambda _: None,
        judgement: Judgement = JUDGEMENT,
    ) -> None:
        """Continue where the chain ends, or at `checkpointed` if the engine starts to read after that.

        With a `horizon`, what is read must be proven to follow the chain's end; see `continuity`.
        """
        self._chain = chain
        self._shard_id = chain.shard.shard_id
        self._checkpoint = checkpoint
        self._clock = clock
        self._pulse = pulse or LoggedPulse(self._shard_id)
        self._announce = announce
        self._judgement = judgement
        self._buffer = Buffer(limits)
        self._seen: dict[date, Seen] = {}
        self._continuity = Continuity(chain, horizon)
        tail = chain.tail()
        self._end = tail.end
        self._continuity.begin(tail)
        self._delivered = checkpointed
        self._checkpointed = checkpointed
        self._milliseconds_behind = 0
        self._released = False
        begins = {"position": str(self._end), "judgement": judgement.id}
        log.info("shard.started", shard_id=self._shard_id, **begins)
        if checkpointed == LATEST:
            self._continuity.pass_over(self._end)
        elif checkpointed > self._end:
            self._skip_to(checkpointed)

    @property
    def end(self) -> Position:
        """Where the shard's chain ends, as far as this owner knows: continue to read after it."""
        return self._end

    @property
    def held_bytes(self) -> int:
        """The size of the uncommitted bodies in memory."""
        return self._buffer.bytes

    def receive(self, records: Records, milliseconds_behind: int = 0) -> None:
        """Take records in the shard's order; skip those that are committed or held already.

        An engine may deliver a batch again within one owner's life, after an error or its own restart.
        """
        if len(records):
            self._delivered = records.position(-1)
        self._buffer.add(records.after(max(self._end, self._buffer.last or START)), self._clock())
        self._beat(milliseconds_behind, len(records))
        self.tick(milliseconds_behind)
        if not len(self._buffer):
            self._take_checkpoint()

    def tick(self, milliseconds_behind: int = 0) -> None:
        """Commit what is due. Call it from time to time on an idle shard too."""
        while self._buffer.due(self._clock()):
            self._commit_run()
        self._beat(milliseconds_behind)

    def still_here(self) -> None:
        """Keep the pulse during a long wait for the lake, if the shard has uncommitted records."""
        if len(self._buffer) and not self._released:
            self._beat(self._milliseconds_behind)

    def reach_tip(self) -> None:
        """Note that the shard has nothing more to read now."""
        if not len(self._buffer):
            self._continuity.reach_tip(self._end)

    def flush(self) -> None:
        """Commit everything, due or not."""
        while len(self._buffer):
            self._commit_run()

    def finish(self, *, ended: bool = False, expired: bool = False) -> None:
        """Commit everything: the worker is asked to stop, or the shard has ended (`ended`).

        With `expired` the stream has forgotten the shard, and with it all records that were not read.
        """
        self.flush()
        if ended:
            self._continuity.reach_end(self._end)
        elif expired:
            self._continuity.reach_horizon(self._end)
        log.info("shard.finished", shard_id=self._shard_id, position=str(self._end))
        self._released = True
        self._pulse.stop()  # last: a supervisor may kill the process as soon as it sees this

    def abandon(self) -> None:
        """Drop what is not committed: another owner has the shard and will read it again."""
        note = "normal when another worker takes the shard: it reads uncommitted records again"
        log.info("shard.abandoned", shard_id=self._shard_id, records=len(self._buffer), note=note)
        self._buffer.clear()
        self._released = True
        self._pulse.stop()

    def _commit_run(self) -> None:
        started = self._clock()
        run = self._buffer.run()
        if not self._continuity.join(self._end, run.position(0), run.arrivals[0]):
            run = self._buffer.run(of_one_page=True)
        day = run.day(0)
        seen = self._seen_on(day)
        settled = pipeline.settle(run, seen, self._shard_id, self._judgement)
        segment = Segment.of(run, settled, self._end, self._judgement)
        nonces = settled.nonces
        del settled  # it copies all rejected bodies, which the segment has encoded by now
        commit = self._chain.commit(segment)
        if commit.ours:
            self._seen[day].add(nonces)
        elif commit.taken is not None:
            taken_on, key = commit.taken
            if taken_on in self._seen:
                self._seen[taken_on].add(self._chain.nonces(key))
        else:
            self._seen.clear()  # the chain advanced several steps: read again what they accepted
        self._log_commit(segment, commit, self._clock() - started)
        self._end = commit.end
        self._continuity.committed(commit.last_arrival)
        self._buffer.drop(commit.end)
        # Otherwise none of these records is committed yet, and the day may have no segment.
        if commit.ours or commit.taken is not None:
            self._take_checkpoint()
            self._announce(day)

    def _take_checkpoint(self) -> None:
        """Checkpoint what is committed, as far as it was delivered to this owner.

        Another owner may have committed more, but an engine refuses a position that it has not delivered yet.
        What a former owner committed without a checkpoint is checkpointed when it is delivered again. No
        checkpoint is taken inside an aggregate: if an iterator expires before its first use, the Kinesis
        Client Library continues after the whole record, and would skip the rest of the aggregate.
        """
        position = min(self._end, self._delivered)
        rest = self._buffer.first
        if rest is not None and rest.sequence_number == position.sequence_number:
            return
        if position > self._checkpointed:
            self._checkpoint(position)
            self._checkpointed = position

    def _skip_to(self, checkpointed: Position) -> None:
        """Continue the chain where the engine starts to read, so that what is missing shows as a gap."""
        note = (
            "segments are missing: the lake is not that of the last checkpoint, or their days have expired. "
            "To commit what the stream still holds, run with a new METRICS_APPLICATION"
        )
        log.warning(
            "shard.gap",
            shard_id=self._shard_id,
            committed=str(self._end),
            checkpointed=str(checkpointed),
            gaps=1,
            note=note,
        )
        self._continuity.pass_over(self._end)
        self._end = checkpointed

    def _beat(self, milliseconds_behind: int, received: int = 0) -> None:
        self._milliseconds_behind = milliseconds_behind
        oldest = self._buffer.oldest
        if oldest is None:
            uncommitted = Uncommitted(milliseconds_behind=milliseconds_behind)
        else:
            waiting = self._clock() - oldest.since
            uncommitted = Uncommitted(len(self._buffer), waiting, oldest.arrival, milliseconds_behind)
        self._pulse.beat(uncommitted, received)

    def _seen_on(self, day: date) -> Seen:
        if day not in self._seen:
            for old in sorted(self._seen)[: 1 - _DAYS_REMEMBERED]:
                del self._seen[old]
            self._seen[day] = self._chain.seen(day)
            log.info("seen.rebuilt", shard_id=self._shard_id, day=str(day), nonces=len(self._seen[day]))
        return self._seen[day]

    def _log_commit(self, segment: Segment, commit: Commit, seconds: float) -> None:
        facts = {
            "shard_id": self._shard_id,
            "day": str(segment.day),
            "start": str(segment.start),
            "last": str(commit.end),
            "flush_milliseconds": round(seconds * 1000),
        }
        if commit.ours:
            size = len(segment.reports) + len(segment.rejects or b"")
            counts = {"records": segment.summary.records} | dict(segment.summary.outcomes)
            log.info("segment.committed", **facts, flush_bytes=size, **counts)
        else:
            note = "normal after a crash, a lost answer or a change of owner: the segment existed already"
            log.warning("segment.overtaken", **facts, overtaken=1, note=note)
