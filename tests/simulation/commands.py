"""The day commands and the poll engine as processes of the simulated world: the real code, wired to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, cast

from stream_worker.audit.auditor import Auditor
from stream_worker.audit.recount import Recount
from stream_worker.days.completeness import Completeness
from stream_worker.days.lake_source import LakeSource
from stream_worker.days.replay import Replay
from stream_worker.days.run_builder import RunBuilder
from stream_worker.days.seal import Seal
from stream_worker.days.stream_source import StreamSource
from stream_worker.engines.poll import PollEngine
from stream_worker.judging.judgement import Judgement
from stream_worker.judging.thresholds import THRESHOLDS
from stream_worker.lake.s3_store import S3Lake
from stream_worker.process.errors import RefusedError, WorkerError
from stream_worker.process.progress import silent
from stream_worker.process.stop import Stop
from stream_worker.publication.glue import GlueCatalog
from stream_worker.publication.history import History
from stream_worker.publication.live_days import LiveDays
from stream_worker.publication.publication import Publication
from stream_worker.shard_life.assembly import Assembly
from stream_worker.stream.horizon import KinesisHorizon
from stream_worker.stream.kinesis import KinesisStream
from stream_worker.stream.shard import Shard
from stream_worker.stream.span import GRACE_SECONDS, Span
from tests.simulation.stand_ins import DAY_RULES
from tests.simulation.stream import STREAM

if TYPE_CHECKING:
    from datetime import date

    from mypy_boto3_glue import GlueClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_s3 import S3Client

    from stream_worker.audit.auditor import Audit
    from stream_worker.days.lake_source import Prove
    from stream_worker.days.replay import Replayed
    from stream_worker.days.seal import Sealed
    from stream_worker.engines.kcl.shard_owner import MakeProcessor
    from stream_worker.judging.thresholds import Thresholds
    from stream_worker.process.limits import Limits
    from stream_worker.process.progress import Move
    from stream_worker.shard_life.processor import Checkpoint, Processor
    from stream_worker.shard_life.pulse import Uncommitted
    from stream_worker.stream.records import Position
    from tests.simulation.bucket import Bucket
    from tests.simulation.glue import Glue
    from tests.simulation.stream import Stream
    from tests.simulation.world import Actor

GRACE = timedelta(seconds=GRACE_SECONDS)
BUCKET = "metrics-lake"
_PATIENCE = 600.0


class NoPulse:
    """A pulse that nobody listens to."""

    def beat(self, _: Uncommitted, received: int = 0) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""


class SimStop(Stop):
    """A wish to stop whose waiting is the world's; longer and longer while nothing happens."""

    def __init__(self, actor: Actor, idle: float = 7_200.0) -> None:
        super().__init__()
        self._actor = actor
        self._idle = idle
        self._waits = 0
        self._woken = 0.0

    def wait(self, seconds: float) -> None:
        """Suspend the process."""
        world = self._actor.world
        self._waits = self._waits + 1 if world.now - self._woken > seconds else 0
        self._woken = world.now
        world.idle(20.0 if self._waits < 8 else self._idle)


@dataclass(slots=True)
class Place:
    """The services of one world, and the worker's limits."""

    bucket: Bucket
    stream: Stream
    glue: Glue
    limits: Limits


@dataclass(slots=True)
class Process:
    """One process's clients and parts, as `wiring` makes them; `thresholds` are what it judges by."""

    place: Place
    actor: Actor
    thresholds: Thresholds = THRESHOLDS
    stop: SimStop = field(init=False)

    def __post_init__(self) -> None:
        self.stop = SimStop(self.actor)

    @property
    def judgement(self) -> Judgement:
        return _judgement(self.thresholds)

    @property
    def stream(self) -> KinesisStream:
        return KinesisStream(cast("KinesisClient", self.place.stream), STREAM)

    @property
    def lake(self) -> S3Lake:
        return S3Lake(cast("S3Client", self.place.bucket), BUCKET, patience=_PATIENCE)

    @property
    def assembly(self) -> Assembly:
        return Assembly(self.lake, self.place.limits, self.judgement, self._clock)

    @property
    def catalog(self) -> GlueCatalog:
        return GlueCatalog(cast("GlueClient", self.place.glue), "metrics", BUCKET)

    @property
    def publication(self) -> Publication:
        return Publication(self.lake, self.catalog)

    @property
    def runs(self) -> RunBuilder:
        return RunBuilder(self.lake, self.judgement, silent)

    @property
    def sealing(self) -> Seal:
        pause, now = self.actor.world.pause, self.actor.now
        proof = Completeness(self.stream, self.lake, GRACE, now=now, pause=pause)
        return Seal(self.lake, self.publication, self.runs, proof, now)

    def seal(self, day: date, *, despite_gaps: bool = False) -> Sealed:
        """Seal a day."""
        return self.sealing.seal(day, despite_gaps=despite_gaps)

    def seal_all(self) -> list[tuple[date, str]]:
        """Seal what is over and not sealed; return what was refused, and why."""
        refused = []
        for day in self.sealing.unsealed():
            try:
                self.seal(day)
            except RefusedError as error:
                self.actor.world.note(f"refused: {error}")
                refused.append((day, str(error)))
        return refused

    def replay(
        self, first: date, last: date, source: str, *, dry_run: bool = False, name: str | None = None
    ) -> list[Replayed]:
        """Replay some days from the stream or the lake."""
        span = Span(first, last, GRACE)
        held = self._from_lake() if source == "lake" else self._from_stream()
        again = Replay(self.lake, self.publication, self.runs, held, self.actor.now)
        return list(again.replay(span, dry_run=dry_run, name=name))

    def roll_back(self, day: date, to: str | None = None) -> str:
        """Roll readers of a day back."""
        return self.publication.roll_back(day, self.actor.now(), to)

    def expire(self) -> None:
        """Remove runs that were kept for long enough."""
        history = History(self.lake, self.publication)
        for day in history.days():
            history.expire(day, self.actor.now())

    def audit(self, day: date, *, against_stream: bool) -> Audit:
        """Audit a day."""
        recount = Recount(self.stream, GRACE, silent) if against_stream else None
        return Auditor(self.publication, silent, self.actor.now, recount).audit(day)

    def poll(self) -> None:
        """Work on the poll engine until asked to stop."""
        assembly, announce = self.assembly, self._announce()

        def make(shard: Shard) -> Processor:
            return assembly.live(shard, announce, self._horizon(shard), pulse=NoPulse())

        PollEngine(self.stream, make, self.stop, page=5, clock=self._clock).run()

    def make_processor(self) -> MakeProcessor:
        """Return what a child of the library makes its processor with (engines/kcl/child.py)."""
        assembly, announce = self.assembly, self._announce()

        def make(shard_id: str, checkpointed: Position, checkpoint: Checkpoint) -> Processor:
            listed = {shard.shard_id: shard for shard in self.stream.shards()}
            epoch = next(iter(listed.values())).epoch
            shard = listed.get(shard_id, Shard(epoch, shard_id))
            return assembly.live(
                shard,
                announce,
                self._horizon(shard),
                checkpoint=checkpoint,
                checkpointed=checkpointed,
                pulse=NoPulse(),
            )

        return make

    def _horizon(self, shard: Shard) -> KinesisHorizon:
        return KinesisHorizon(self.stream, shard)

    def _announce(self) -> LiveDays:
        return LiveDays(lambda: self.catalog, self._clock)

    def _clock(self) -> float:
        return self.actor.world.now

    def _from_stream(self) -> StreamSource:
        def engine(span: Span, target: str, move: Move) -> bool:
            def make(shard: Shard) -> Processor:
                return self._spanned(shard, target, span, move)

            stop = SimStop(self.actor, idle=20.0)  # it reads to an end, and is never idle for long
            PollEngine(self.stream, make, stop, drain=True, span=span, page=5, clock=self._clock).run()
            return not stop.is_set()

        return StreamSource(self.stream, self.lake, engine, self.actor.now)

    def _from_lake(self) -> LakeSource:
        proofs: Prove | None = self.sealing.completeness.prove
        try:
            shards = {shard.owner: shard for shard in self.stream.shards()}
        except WorkerError:  # as replay_command goes on without the stream
            shards, proofs = {}, None
        return LakeSource(self.lake, self.publication, shards, self._spanned, self.stop, proofs=proofs)

    def _spanned(self, shard: Shard, target: str, span: Span, _move: Move) -> Processor:
        return self.assembly.replay(shard, target, span, pulse=NoPulse())


@cache
def _judgement(thresholds: Thresholds) -> Judgement:
    return Judgement(thresholds, day_rules=DAY_RULES)
