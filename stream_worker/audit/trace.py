"""Traces a receipt to its row or its rejection."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from schemas.tables import REJECTS, REPORTS
from stream_worker.audit.receipt import ACCEPTED, EXPIRED, NOT_FOUND, REJECTED, UNCOMMITTED, Trace
from stream_worker.audit.stored_rows import read_stored
from stream_worker.lake import committed
from stream_worker.lake.committed import Committed
from stream_worker.lake.expiry import KEPT_FOR, segments_expire
from stream_worker.lake.keys import LIVE, RUNS, ManifestKey, SegmentKey, day_folder, days_in
from stream_worker.lake.manifest import Manifest
from stream_worker.lake.parts import expired_parts
from stream_worker.lake.segment import Summary
from stream_worker.lake.signpost import is_signpost
from stream_worker.lake.store import DOCUMENT_BYTES
from stream_worker.stream.records import START, Position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date, datetime

    from schemas.tables import Table
    from stream_worker.audit.receipt import Receipt
    from stream_worker.lake.manifest import Part, Source
    from stream_worker.publication.publication import Publication

_DAYS_LOOKED_AT: Final = 3  # around midnight a chain may go back a day, and a new stream may have begun
_LAST_MEMBER: Final = 2**32
_BEYOND: Final = Position(10**56)
_SHOWN: Final = ("sub_sequence_number", "stack_id", "reason", "rule", "detail")


@dataclass(frozen=True, slots=True)
class Tracer:
    """Traces receipts through the live chains and, on sealed days, to what readers see.

    `now` decides which rejects may have expired. A plain record without a row is then reported as rejected;
    of an aggregate, only the members that have a row are reported.
    """

    publication: Publication
    now: Callable[[], datetime]

    def trace(self, receipt: Receipt, day: date | None = None) -> list[Trace]:
        """Return one trace for the record, or one for each member if it is an aggregate.

        Without `day`, all days are searched, newest first.
        """
        days = committed.days(self.publication.lake, LIVE) if day is None else [day]
        segments = list(self._segments(receipt, days))
        found = [row for segment in segments for row in self._rows(receipt, segment)]
        if not found:
            sealed = self._days_of_runs() if day is None else [day]
            found = list(self._sealed(receipt, sealed)) or list(self._expired(receipt, segments, sealed))[:1]
        return found or [self._nowhere(receipt, day)]

    def _segments(self, receipt: Receipt, days: Iterable[date]) -> Iterator[Committed]:
        """Yield the segments that hold the receipt's position: several if an aggregate is cut."""
        first, last = Position(receipt.sequence_number), Position(receipt.sequence_number, _LAST_MEMBER)
        for chain in self._near(receipt, days, last).values():
            for index, one in enumerate(chain):
                # A signpost begins where the segment begins that it points to.
                later = (chain[number] for number in range(index + 1, len(chain)))
                after = next((after for after in later if after.start > one.start), None)
                if after is not None and after.start < first:
                    continue
                segment = self._committed(one)
                if segment is not None and segment.summary.last >= first:
                    yield segment

    def _near(self, receipt: Receipt, days: Iterable[date], until: Position) -> dict[int, list[SegmentKey]]:
        """Return the links that begin before `until`, in order, by epoch, of the newest days with any."""
        found: dict[int, list[SegmentKey]] = {}
        looked = 0
        for day in sorted(days, reverse=True):
            own = [link for link in self._links(receipt, day) if link.start < until]
            for link in own:
                found.setdefault(link.epoch, []).append(link)
            looked += bool(own)
            if looked == _DAYS_LOOKED_AT:
                break
        return {epoch: sorted(found[epoch], key=attrgetter("start")) for epoch in sorted(found, reverse=True)}

    def _links(self, receipt: Receipt, day: date) -> list[SegmentKey]:
        keys = self.publication.lake.keys(day_folder("reports", LIVE, day))
        links = (SegmentKey.parse(key) for key in keys)
        return [link for link in links if link is not None and link.shard_id == receipt.shard_id]

    def _committed(self, link: SegmentKey) -> Committed | None:
        try:
            summary = Summary.parse(self.publication.lake.metadata(link.key))
        except (KeyError, ValueError):
            return None
        return None if is_signpost(summary) else Committed(link, summary)

    def _rows(self, receipt: Receipt, segment: Committed) -> Iterator[Trace]:
        day = segment.link.day
        manifest = self._manifest(day)
        summary = segment.summary
        for table, key, intact in (
            (REPORTS, segment.link.key, summary.is_reports),
            (REJECTS, segment.rejects or "", summary.is_rejects),
        ):
            for row in self._find(receipt, table, key, intact) if key else ():
                if manifest is None:
                    yield _trace(receipt, day, row, key, LIVE)
                else:
                    yield self._in_run(receipt, manifest, row)

    def _in_run(self, receipt: Receipt, manifest: Manifest, row: dict[str, Any]) -> Trace:
        """Return the run's row for a row of the chain: a seal may have rejected an accepted report."""
        stack_id, sub = row.get("stack_id"), row["sub_sequence_number"]
        for found in self._run_rows(receipt, manifest, stack_id):
            if found.record_id == receipt.member(sub):
                return found
        name = receipt.member(sub)
        if self._run_rejects_expired(manifest):
            return _expired_trace(name, manifest.day, manifest.run)
        detail = "it is committed, but the run that readers see has no row for it: audit the day"
        return Trace(
            name, found=False, day=manifest.day, outcome=NOT_FOUND, detail=detail, generation=manifest.run
        )

    def _sealed(self, receipt: Receipt, days: Iterable[date]) -> Iterator[Trace]:
        """Yield rows from the runs that readers see, for records whose live segments are gone."""
        for day in sorted(days, reverse=True):
            manifest = self._manifest(day)
            if manifest is not None and any(_covers(source, receipt) for source in manifest.sources):
                yield from self._run_rows(receipt, manifest, None)

    def _expired(
        self, receipt: Receipt, segments: Iterable[Committed], days: Iterable[date]
    ) -> Iterator[Trace]:
        """Yield a trace where a record without a row must have been rejected and its rejects have expired."""
        for segment in segments:
            day, manifest = segment.link.day, self._manifest(segment.link.day)
            if segment.rejects is None:
                continue
            if (
                self._segment_rejects_expired(segment)
                if manifest is None
                else self._run_rejects_expired(manifest)
            ):
                yield _expired_trace(str(receipt), day, manifest.run if manifest else LIVE)
        for day in sorted(days, reverse=True) if not segments else ():
            manifest = self._manifest(day)
            covered = manifest is not None and any(_covers(source, receipt) for source in manifest.sources)
            if manifest is not None and covered and self._run_rejects_expired(manifest):
                yield _expired_trace(str(receipt), day, manifest.run)

    def _segment_rejects_expired(self, segment: Committed) -> bool:
        """Return whether a segment's rejects have expired and its accepted rows are intact."""
        lake, intact = self.publication.lake, segment.summary.is_reports
        aged = self.now() >= segments_expire(segment.link.day)
        if not aged or segment.rejects is None or lake.find(segment.rejects) is not None:
            return False
        return read_stored(lake.find(segment.link.key), REPORTS, intact).damage is None

    def _run_rejects_expired(self, manifest: Manifest) -> bool:
        """Return whether some of a run's rejects have expired and its reports are intact."""
        lake = self.publication.lake
        if not expired_parts(lake, manifest, self.now()):
            return False
        bodies = ((part, lake.find(part.key, part.bytes)) for part in manifest.reports)
        return all(body and part.is_intact(body) for part, body in bodies)

    def _run_rows(self, receipt: Receipt, manifest: Manifest, stack_id: str | None) -> Iterator[Trace]:
        """Yield the record's rows in a run; if its `stack_id` is known, the likeliest file is read first."""
        parts = [(REPORTS, part) for part in manifest.reports if _may_hold(part, stack_id)]
        others = [(REJECTS, part) for part in manifest.rejects]
        for table, part in (*others, *parts) if stack_id is None else (*parts, *others):
            for row in self._find(receipt, table, part.key, part.is_intact):
                yield _trace(receipt, manifest.day, row, part.key, manifest.run)

    def _find(
        self, receipt: Receipt, table: Table, key: str, intact: Callable[[bytes], bool]
    ) -> Iterator[dict[str, Any]]:
        rows = read_stored(self.publication.lake.find(key), table, intact, _SHOWN).rows
        if rows is None:
            return
        number = pl.col("sequence_number").str.strip_chars_start("0") == str(receipt.sequence_number)
        columns = [name for name in _SHOWN if name in rows.columns]
        own = rows.filter(number & (pl.col("shard_id") == receipt.shard_id)).select(columns)
        yield from own.sort("sub_sequence_number").iter_rows(named=True)

    def _manifest(self, day: date) -> Manifest | None:
        """Return the manifest of the run that readers see; None if they see live segments."""
        shown = self.publication.shown(day)
        if shown is None or shown == LIVE:
            return None
        body = self.publication.lake.find(ManifestKey(day, shown).key, DOCUMENT_BYTES)
        try:
            return Manifest.decode(body) if body is not None else None
        except ValueError:
            return None

    def _days_of_runs(self) -> list[date]:
        return days_in(self.publication.lake.folders(RUNS))

    def _nowhere(self, receipt: Receipt, day: date | None) -> Trace:
        later = receipt.sequence_number > self._end(receipt).sequence_number
        return Trace(str(receipt), found=False, day=day, outcome=UNCOMMITTED if later else NOT_FOUND)

    def _end(self, receipt: Receipt) -> Position:
        """Return where the newest chain of the shard ends or, without live segments, its newest run."""
        near = self._near(receipt, committed.days(self.publication.lake, LIVE), _BEYOND)
        for chain in near.values():
            return next((last.summary.last for last in map(self._committed, reversed(chain)) if last), START)
        for day in sorted(self._days_of_runs(), reverse=True):
            manifest = self._manifest(day)
            own = [one for one in manifest.sources if one.shard_id == receipt.shard_id] if manifest else []
            if own:
                return max(Position.parse(source.last) for source in own)
        return START


def _covers(source: Source, receipt: Receipt) -> bool:
    if source.shard_id != receipt.shard_id:
        return False
    start, last = Position.parse(source.start), Position.parse(source.last)
    return start.sequence_number <= receipt.sequence_number <= last.sequence_number


def _may_hold(part: Part, stack_id: str | None) -> bool:
    return stack_id is None or (part.first or "") <= stack_id <= (part.last or "")


def _trace(receipt: Receipt, day: date, row: dict[str, Any], key: str, shown: str) -> Trace:
    return Trace(
        receipt.member(row["sub_sequence_number"]),
        found=True,
        day=day,
        outcome=REJECTED if "reason" in row else ACCEPTED,
        reason=row.get("reason"),
        rule=row.get("rule"),
        detail=row.get("detail"),
        key=key,
        generation=shown,
    )


def _expired_trace(record_id: str, day: date, shown: str) -> Trace:
    detail = f"no accepted row has it; {KEPT_FOR}"
    return Trace(record_id, found=False, day=day, outcome=EXPIRED, detail=detail, generation=shown)
