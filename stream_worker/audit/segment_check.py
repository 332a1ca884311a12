"""Checks committed segments one by one: their objects, their rows, and their metadata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from schemas.tables import REJECTS, REPORTS
from stream_worker.audit.positions import PADDED_POSITION, first_row, padded_position, position_of
from stream_worker.audit.stored_rows import read_stored
from stream_worker.judging.day_pipeline import POSITION
from stream_worker.judging.seen import nonces
from stream_worker.lake.ahead import Sizes, ahead
from stream_worker.lake.segment import OUTCOMES
from stream_worker.process.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from schemas.tables import Table
    from stream_worker.lake.committed import Committed
    from stream_worker.lake.store import Lake
    from stream_worker.stream.records import Position

_READ: Final = ("stack_id", "reason")
_IS_NONCE: Final = pl.col("stack_id").str.contains(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


@dataclass(frozen=True, slots=True)
class CheckedSegment:
    """What was found of a segment: padded `positions` of all readable rows, and the accepted ones' nonces.

    `expired`: its rejects have expired, so its rejected records are known by count alone.
    """

    segment: Committed
    problems: list[Problem]
    positions: pl.Series
    nonces: pl.Series
    expired: bool

    @property
    def first(self) -> Position | None:
        """The position of the segment's first readable row, or None."""
        return position_of(str(self.positions.min())) if len(self.positions) else None


def check_segments(lake: Lake, segments: Iterable[Committed], *, aged: bool) -> Iterator[CheckedSegment]:
    """Check each segment, in order, some MiB at a time; `aged` ones' rejects may have expired."""
    sizes = Sizes(lake)
    yield from ahead(
        segments,
        lambda segment: sizes.of(segment.link.key) + sizes.of(segment.rejects),
        lambda segment: _Check(lake, segment, aged=aged).run(),
    )


class _Check:
    """The check of one segment."""

    def __init__(self, lake: Lake, segment: Committed, *, aged: bool) -> None:
        self._lake = lake
        self._segment = segment
        self._aged = aged
        self._problems: list[Problem] = []

    def run(self) -> CheckedSegment:
        """Read and check both objects."""
        link, summary = self._segment.link, self._segment.summary
        reports = self._read(REPORTS, link.key, self._lake.find(link.key), summary.is_reports)
        key = self._segment.rejects
        rejects, expired = self._read_rejects(key)
        if reports is not None:
            self._check_rows(reports, link.key)
        if rejects is not None and key is not None:
            self._check_rows(rejects, key)
        if reports is not None and rejects is not None:
            self._check_sums(reports, rejects)
        if reports is not None and expired:
            self._check_outcomes({"accepted": len(reports)}, ["accepted"])
        found = [rows.select(PADDED_POSITION).to_series() for rows in (reports, rejects) if rows is not None]
        positions = pl.concat(found) if found else pl.Series("position", dtype=pl.String)
        readable = pl.DataFrame(schema=REPORTS.polars) if reports is None else reports
        used = readable.select(nonces(pl.when(_IS_NONCE).then("stack_id"))).to_series()
        return CheckedSegment(self._segment, self._problems, positions, used, expired)

    def _read_rejects(self, key: str | None) -> tuple[pl.DataFrame | None, bool]:
        """Return what was rejected, and whether it has expired; the object's bytes are not kept."""
        if key is None:
            return pl.DataFrame(schema=REJECTS.polars), False
        body = self._lake.find(key)
        if body is None and self._aged:
            return None, True
        return self._read(REJECTS, key, body, self._segment.summary.is_rejects), False

    def _read(
        self, table: Table, key: str, body: bytes | None, intact: Callable[[bytes], bool]
    ) -> pl.DataFrame | None:
        stored = read_stored(body, table, intact, _READ)
        if stored.damage is not None:
            self._report(f"{stored.damage}; the segment goes on from here", key)
        return stored.rows

    def _check_rows(self, rows: pl.DataFrame, key: str) -> None:
        link, last = self._segment.link, self._segment.summary.last
        padded = rows.with_columns(PADDED_POSITION)
        within = pl.col("position").is_between(
            pl.lit(padded_position(link.start)), pl.lit(padded_position(last)), closed="right"
        )
        wrong = {
            "a row of another shard": pl.col("shard_id") != link.shard_id,
            "a row of another day": pl.col("arrived_at").dt.date() != link.day,
            "a row from outside the segment": ~within,
            "rows out of order, or a row twice": pl.col("position") <= pl.col("position").shift(),
        }
        for what, rule in wrong.items():
            found = padded.filter(rule)
            if len(found):
                self._problems.append(Problem(what, *first_row(found), key))

    def _check_sums(self, reports: pl.DataFrame, rejects: pl.DataFrame) -> None:
        link, summary = self._segment.link, self._segment.summary
        both = reports.join(rejects, on=POSITION, how="semi")
        if len(both):
            self._problems.append(Problem("a record is accepted and rejected", *first_row(both), link.key))
        found = {"accepted": len(reports)} | dict(rejects["reason"].value_counts().rows())
        self._check_outcomes(found, sorted({*OUTCOMES, *found}))
        positions = pl.concat([rows.select(PADDED_POSITION).to_series() for rows in (reports, rejects)])
        if positions.max() != padded_position(summary.last):
            what = "missing: the segment's last record has no row"
            self._problems.append(Problem(what, link.shard_id, str(summary.last), link.key))

    def _check_outcomes(self, found: Mapping[str, int], outcomes: Iterable[str]) -> None:
        link, summary = self._segment.link, self._segment.summary
        for outcome in outcomes:
            rows, expected = found.get(outcome, 0), summary.outcomes.get(outcome, 0)
            if rows != expected:
                self._report(f"sums: {rows} rows are {outcome}, the segment says {expected}", link.key)

    def _report(self, what: str, key: str) -> None:
        link = self._segment.link
        self._problems.append(Problem(what, link.shard_id, str(link.start), key))
