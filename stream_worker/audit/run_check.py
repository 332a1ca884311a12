"""Checks the files of a sealed run: bytes, rows, order, uniqueness and sums, as its manifest has them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from schemas.tables import REJECTS, REPORTS
from stream_worker.audit.positions import PADDED_POSITION, first_row, padded_position, position_of
from stream_worker.audit.stored_rows import read_stored
from stream_worker.lake.keys import ManifestKey, RunFolder
from stream_worker.lake.segment import OUTCOMES
from stream_worker.process.problem import Problem
from stream_worker.stream.records import Position

if TYPE_CHECKING:
    from schemas.tables import Table
    from stream_worker.lake.keys import Owner
    from stream_worker.lake.manifest import Manifest, Part
    from stream_worker.lake.store import Lake
    from stream_worker.process.progress import Progress


@dataclass(slots=True)
class CheckedRun:
    """What was found of a run: problems, the damage of each damaged file by key, each shard's first position.

    `expired` counts the files of rejects that have expired.
    """

    problems: list[Problem] = field(default_factory=list)
    damaged: dict[str, str] = field(default_factory=dict)
    first: dict[Owner, Position] = field(default_factory=dict)
    expired: int = 0


def check_run(lake: Lake, manifest: Manifest, progress: Progress, *, aged: bool) -> CheckedRun:
    """Check every file of the run, one in memory at a time.

    A damaged file is in `damaged`, not yet in `problems`: the caller knows its first row. An `aged` run's
    rejects may have expired.
    """
    check = _Check(lake, manifest, aged=aged)
    with progress("rows audited", manifest.records) as move:
        for table, parts in ((REPORTS, manifest.reports), (REJECTS, manifest.rejects)):
            check.check_keys(table, parts)
            for part in parts:
                check.check_part(table, part)
                move(part.rows)
    check.check_sums()
    return check.found


class _Check:
    """The check of one run."""

    def __init__(self, lake: Lake, manifest: Manifest, *, aged: bool) -> None:
        self._lake = lake
        self._manifest = manifest
        self._aged = aged
        self._counts = Counter[str]()
        self._previous = ""
        self.found = CheckedRun()

    def check_keys(self, table: Table, parts: list[Part]) -> None:
        """Find other objects beside the run's files: readers read those too."""
        prefix = RunFolder(table.name, self._manifest.day, self._manifest.run).key
        known = {part.key for part in parts}
        for key in self._lake.keys(prefix):
            if key not in known:
                self._report(
                    "foreign: not a file of this run, but readers read it; move it out of the lake", key
                )
        for key in sorted(known):
            if not key.startswith(prefix):
                self._report(
                    "elsewhere: the manifest names a file that is not where readers look",
                    key,
                )

    def check_part(self, table: Table, part: Part) -> None:
        """Read a file and check it."""
        body = self._lake.find(part.key, part.bytes)
        if body is None and self._aged and table is REJECTS:
            self.found.expired += 1
            return
        stored = read_stored(body, table, part.is_intact, ("stack_id", "reason"))
        del body  # a file of rejects has up to 256 MiB
        if stored.damage is not None:
            self.found.damaged[part.key] = stored.damage
        rows = stored.rows
        if rows is None:
            return
        if len(rows) != part.rows:
            self._report(f"sums: {len(rows)} rows, the manifest says {part.rows}", part.key)
        found = rows.filter(pl.col("arrived_at").dt.date() != self._manifest.day)
        if len(found):
            self.found.problems.append(Problem("a row of another day", *first_row(found), part.key))
        self._note_first(rows)
        if table is REPORTS:
            self._counts["accepted"] += len(rows)
            self._check_order(rows, part)
        else:
            self._counts.update(dict(rows["reason"].value_counts().rows()))

    def check_sums(self) -> None:
        """Compare the rows with the manifest's sums, and the sums with each other."""
        manifest = self._manifest
        key = ManifestKey(manifest.day, manifest.run).key
        if not self.found.damaged:
            self._check_outcomes(key)
        sources = Counter[str]()
        for source in manifest.sources:
            sources.update(source.outcomes)
        if any(sources[outcome] != manifest.committed.get(outcome, 0) for outcome in OUTCOMES):
            self._report("sums: the manifest's shards do not add up to its committed counts", key)
        moved = manifest.committed.get("accepted", 0) - manifest.outcomes.get("accepted", 0)
        if sum(manifest.committed.values()) != manifest.records or sum(manifest.rejudged.values()) != moved:
            self._report("sums: the manifest's committed, rejudged and sealed counts do not add up", key)

    def _check_outcomes(self, key: str) -> None:
        """Compare the rows per outcome; where rejects have expired, there may be fewer than are counted."""
        manifest = self._manifest
        for outcome in sorted({*OUTCOMES, *self._counts}):
            rows, expected = self._counts[outcome], manifest.outcomes.get(outcome, 0)
            fewer = bool(self.found.expired) and outcome != "accepted"
            if rows > expected or (rows < expected and not fewer):
                self._report(f"sums: {rows} rows are {outcome}, the manifest says {expected}", key)
        rows = sum(part.rows for part in manifest.rejects)
        expected = manifest.records - manifest.outcomes.get("accepted", 0)
        if self.found.expired and rows != expected:
            self._report(f"sums: the manifest's files had {rows} rejected rows, it counts {expected}", key)

    def _check_order(self, rows: pl.DataFrame, part: Part) -> None:
        """Check that `stack_id` rises from row to row and from file to file: then it is unique."""
        if rows.is_empty():
            return
        before = pl.col("stack_id").shift(fill_value=self._previous)
        for what, rule in (
            ("a deployment is accepted twice", pl.col("stack_id") == before),
            ("rows are not in the order of stack_id", pl.col("stack_id") < before),
        ):
            found = rows.filter(rule)
            if len(found):
                self.found.problems.append(Problem(what, *first_row(found), part.key))
        self._previous = rows["stack_id"][-1]
        if (rows["stack_id"][0], rows["stack_id"][-1]) != (part.first, part.last):
            self._report("the first and last stack_id are not those of the manifest", part.key)

    def _note_first(self, rows: pl.DataFrame) -> None:
        padded = rows.select("shard_id", PADDED_POSITION)
        for source in self._manifest.sources:
            own = padded.filter(
                pl.col("shard_id") == source.shard_id,
                pl.col("position") > padded_position(Position.parse(source.start)),
                pl.col("position") <= padded_position(Position.parse(source.last)),
            )
            if len(own):
                owner, first = (source.epoch, source.shard_id), position_of(str(own["position"].min()))
                self.found.first[owner] = min(first, self.found.first.get(owner, first))

    def _report(self, what: str, key: str) -> None:
        self.found.problems.append(Problem(what, key=key))
