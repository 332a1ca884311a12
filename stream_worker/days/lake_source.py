"""The lake as a replay's source: accepted rows and rejected bodies, in the order of the stream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from schemas.tables import REJECTS
from stream_worker.days.replay import Origin
from stream_worker.days.seal import refuse_broken, refuse_unproven
from stream_worker.judging.day_pipeline import IN_SHARD_ORDER, POSITION, with_bodies
from stream_worker.lake.committed import outcomes_of, read_day
from stream_worker.lake.expiry import KEPT_FOR
from stream_worker.lake.keys import LIVE, day_folder
from stream_worker.lake.rows import accepted_rows, rejected_rows
from stream_worker.process.errors import RefusedError
from stream_worker.process.problem import Problem
from stream_worker.stream.records import START, Position, Records
from stream_worker.stream.shard import Shard

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, timedelta

    from stream_worker.days.completeness import Proven
    from stream_worker.lake.committed import Committed, CommittedDay
    from stream_worker.lake.keys import Owner
    from stream_worker.lake.manifest import Manifest
    from stream_worker.lake.store import Lake
    from stream_worker.process.progress import Move
    from stream_worker.process.stop import Stop
    from stream_worker.publication.publication import Publication
    from stream_worker.shard_life.processor import Processor
    from stream_worker.stream.span import Span


Prove = Callable[["date"], "Iterable[Proven]"]
"""Proves from the stream that the live generation has a whole day; None if the stream cannot be reached."""

_FROM_LAKE: Final = "lake"


@dataclass(frozen=True, slots=True)
class LakeSource:
    """The records that the live generation keeps. `shards` are those that the stream still lists."""

    lake: Lake
    publication: Publication
    shards: Mapping[Owner, Shard]
    make_processor: Callable[[Shard, str, Span, Move], Processor]
    stop: Stop
    origin: Origin = Origin.LAKE
    proofs: Prove | None = None

    def check(self, span: Span, live: Mapping[date, CommittedDay]) -> None:
        """Refuse days that are not completely committed, or have lost segments or rejects."""
        for day in span.days:
            refuse_broken(live[day], despite_gaps=False)
            runs = self.publication.manifests(day)
            if not live[day].segments and runs:
                raise RefusedError(
                    f"the live segments of {day} are gone, only sealed runs are left: it cannot be replayed"
                )
            _refuse_fewer(live[day], runs)
            self._refuse_unproven(day, runs)
            self._refuse_without_rejects(live[day])

    def _refuse_unproven(self, day: date, runs: Iterable[Manifest]) -> None:
        """Refuse a day that neither a run nor the stream proves to be committed to its end.

        A seal has proven it. A run that was replayed from the lake proves nothing about the stream.
        """
        if any(all(source.proof != _FROM_LAKE for source in run.sources) for run in runs):
            return
        if self.proofs is None:
            raise RefusedError(
                f"{day} was never sealed, and the stream cannot be reached: that all of it is committed"
                " cannot be proven. Readers see its live segments. Try again when the stream can be reached"
            )
        refuse_unproven(day, self.proofs(day), despite_gaps=False)

    def _refuse_without_rejects(self, day: CommittedDay) -> None:
        """Refuse a day whose rejected bodies are gone: a replay would have fewer records."""
        expected = {segment.rejects for segment in day.segments} - {None}
        lost = expected - set(self.lake.keys(day_folder("rejects", LIVE, day.day)))
        if lost:
            raise RefusedError(
                f"the rejected bodies of {len(lost)} of {len(expected)} segments of {day.day} with rejects"
                f" are gone ({KEPT_FOR}): only accepted rows are left, which are not the whole day. Replay it"
                " with --source stream if the stream still holds it; otherwise leave it as readers see it"
            )

    def settle(self, span: Span, target: str, move: Move) -> bool:
        """Settle shard by shard, parents first: their ids are smaller."""
        segments: dict[Owner, list[Committed]] = {}
        for day in span.days:
            for owner, found in read_day(self.lake, LIVE, day).by_owner().items():
                segments.setdefault(owner, []).extend(found)
        for owner in sorted(segments):
            processor = self.make_processor(self.shards.get(owner, Shard(*owner)), target, span, move)
            for segment in sorted(segments[owner], key=lambda segment: segment.link.start):
                if self.stop.is_set():
                    processor.finish()
                    return False
                if segment.summary.last > processor.end:
                    processor.receive(read_records(self.lake, segment))
            processor.finish()
        return True

    def prove(self, day: CommittedDay, grace: timedelta) -> Mapping[Owner, str]:  # noqa: ARG002 - as any source
        """Return for each shard that the lake was read: its chains are whole, more is not known."""
        return dict.fromkeys(day.by_owner(), _FROM_LAKE)


def _refuse_fewer(day: CommittedDay, runs: Iterable[Manifest]) -> None:
    """Refuse a day if a run has records that are not live: a replay would have fewer."""
    live = {
        owner: (segments[-1].summary.last, sum(outcomes_of(segments).values()))
        for owner, segments in day.by_owner().items()
    }
    problems = [
        Problem(
            f"shortfall: run {run.run} has more records of the shard than the live segments",
            source.shard_id,
            source.last,
        )
        for run in runs
        for source in run.sources
        if live.get((source.epoch, source.shard_id), (START, 0))
        < (Position.parse(source.last), sum(source.outcomes.values()))
    ]
    if problems:
        raise RefusedError(
            f"the live segments of {day.day} are not all that there is of it: replay it with --source stream",
            problems,
        )


def read_records(lake: Lake, segment: Committed) -> Records:
    """Return a segment's records, in order.

    An accepted record's body is written again from its row: the same report, perhaps spelled differently,
    under the partition key that the edge gives it. Of a rejected body the lake has the first 64 KiB. Raises
    `DamagedError` if rows are not as they were committed.
    """
    reports = with_bodies(pl.concat(accepted_rows(lake, [segment])))
    rejects = pl.concat([pl.DataFrame(schema=REJECTS.polars), *rejected_rows(lake, [segment])])
    columns = (*POSITION, "arrived_at", "partition_key", "body")
    accepted = reports.with_columns(partition_key=pl.col("stack_id")).select(columns)
    rows = pl.concat([accepted, rejects.select(columns)]).sort(*IN_SHARD_ORDER)
    return Records(
        bodies=rows["body"].to_list(),
        partition_keys=rows["partition_key"].to_list(),
        sequence_numbers=rows["sequence_number"].to_list(),
        sub_sequence_numbers=rows["sub_sequence_number"].to_list(),
        arrivals=rows["arrived_at"].dt.epoch("ms").to_list(),
    )
