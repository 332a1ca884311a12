"""The lake as a replay's source: accepted rows and rejected bodies, in the order of the stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from schemas.tables import REJECTS
from stream_worker.age import KEPT_FOR
from stream_worker.committed import read_day
from stream_worker.day_pipeline import IN_SHARD_ORDER, POSITION, written_anew
from stream_worker.errors import RefusedError
from stream_worker.records import Records
from stream_worker.replay import Origin
from stream_worker.seal import refuse_broken
from stream_worker.segment import LIVE, day_prefix
from stream_worker.segment_rows import read_rejects, read_reports
from stream_worker.shard import Shard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, timedelta

    from stream_worker.committed import Committed, CommittedDay
    from stream_worker.lake import Lake
    from stream_worker.link import Owner
    from stream_worker.processor import Processor
    from stream_worker.progress import Move
    from stream_worker.readers import Readers
    from stream_worker.span import Span
    from stream_worker.stop import Stop


@dataclass(frozen=True, slots=True)
class LakeSource:
    """The records as the live generation keeps them. `shards` are those that the stream still lists."""

    lake: Lake
    readers: Readers
    shards: Mapping[Owner, Shard]
    make_processor: Callable[[Shard, str, Span, Move], Processor]
    stop: Stop
    origin: Origin = Origin.LAKE

    def check(self, span: Span, live: Mapping[date, CommittedDay]) -> None:
        """Refuse days whose segments are not whole, or have expired, or have lost what they rejected."""
        for day in span.days:
            refuse_broken(live[day], despite_gaps=False)
            if not live[day].segments and self.readers.manifests(day):
                raise RefusedError(f"the segments of {day} have expired: only its sealed runs are left")
            self._refuse_without_rejects(live[day])

    def _refuse_without_rejects(self, day: CommittedDay) -> None:
        """Refuse a day of which rejected bodies are gone: made of the rest, it would have fewer records."""
        wanted = {segment.rejects for segment in day.segments} - {None}
        lost = wanted - set(self.lake.keys(day_prefix("rejects", LIVE, day.day)))
        if lost:
            raise RefusedError(
                f"the rejected bodies of {len(lost)} of {len(wanted)} segments of {day.day} that rejected any"
                f" are gone ({KEPT_FOR}): only accepted rows are left, which are not the whole day. Replay it"
                " with --source stream if the stream still holds it, else leave it as readers see it"
            )

    def settle(self, span: Span, target: str, move: Move) -> bool:
        """Settle shard by shard, parents first, as their ids are the smaller ones."""
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
        """Say that the lake was read: its chains are whole, which is all that can be said."""
        return dict.fromkeys(day.by_owner(), "lake")


def read_records(lake: Lake, segment: Committed) -> Records:
    """Return a segment's records, in order.

    An accepted record's body is written anew from its row: another spelling of the same report, under the
    partition key that the edge gives it. Of a rejected one the lake has the first 64 KiB. Raises
    `DamagedError` where rows are not as they were committed.
    """
    reports = written_anew(pl.concat(read_reports(lake, [segment])))
    rejects = pl.concat([pl.DataFrame(schema=REJECTS.polars), *read_rejects(lake, [segment])])
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
