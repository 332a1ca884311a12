"""What readers see, and what must hold of it at every step, in the README's words.

"In one step for readers": a partition is only pointed at a generation that is whole, a run's rejects before
its reports; no file goes that readers can see. A reader sees all rows of one generation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from tests.simulation.commands import BUCKET
from tests.simulation.stored import decoded, run_of, tail
from tests.simulation.world import ViolationError

if TYPE_CHECKING:
    from datetime import date

    from tests.simulation.bucket import Bucket
    from tests.simulation.glue import Glue


@dataclass(frozen=True, slots=True)
class Sight:
    """Looks at all that changes for readers; raises `ViolationError`."""

    bucket: Bucket
    glue: Glue

    def on_point(self, table: str, day: str, _before: str | None, location: str) -> None:
        """Check that readers are pointed at something whole."""
        prefix = location.removeprefix(f"s3://{BUCKET}/")
        run = run_of(prefix)
        if run is None:
            return
        missing = [key for key in self._parts(day, run, table) if key not in self.bucket.objects]
        if missing:
            raise ViolationError("readers", f"{table} of {day} shows run {run} without {tail(missing[0])}")
        if table == "reports" and run_of(self.glue.partitions.get(("rejects", day), "")) != run:
            noted = [key for key in self.bucket.objects if key.startswith(f"runs/dt={day}/switches/")]
            late = not max(noted, default="").endswith(f".{run}.json")
            when = "after another was noted" if late else "before its rejects do"
            raise ViolationError(
                "late switch" if late else "readers", f"reports of {day} show run {run} {when}"
            )

    def on_delete(self, keys: list[str]) -> None:
        """Check that no file goes that readers see."""
        for (table, day), location in self.glue.partitions.items():
            prefix = location.removeprefix(f"s3://{BUCKET}/")
            seen = [key for key in keys if key.startswith(prefix)]
            if seen:
                raise ViolationError(
                    "readers", f"{tail(seen[0])} goes, while readers of {table} {day} see it"
                )

    def read(self, table: str, day: str, prefix: str, rows: list[pl.DataFrame]) -> None:
        """Check what a reader that has read all files of a day has seen."""
        found = pl.concat(rows) if rows else None
        if found is None:
            if not prefix.startswith(f"{table}/live") or table == "reports":
                raise ViolationError("readers", f"{table} of {day} at {prefix[-24:]} is empty")
            return
        run = run_of(prefix)
        if run is None and table == "rejects":
            return  # what lost races have left lies there, too
        places = [*zip(found["shard_id"], found["sequence_number"], strict=True)]
        if len(set(places)) < len(places):
            raise ViolationError("readers", f"{table} of {day} shows a record twice")
        if run is not None and table == "reports":
            nonces = found["stack_id"].to_list()
            if len(set(nonces)) < len(nonces):
                raise ViolationError("once a day", f"a deployment counts twice on {day}, in run {run}")

    def manifest(self, day: date | str, run: str) -> Any:  # noqa: ANN401 - as JSON has it
        """Return a run's manifest."""
        return decoded(self.bucket.objects[f"runs/dt={day}/{run}.json"][0])

    def parts(self, day: str, run: str) -> list[str]:
        """Return the keys of a run's files."""
        return [key for table in ("reports", "rejects") for key in self._parts(day, run, table)]

    def _parts(self, day: str, run: str, table: str) -> list[str]:
        key = f"runs/dt={day}/{run}.json"
        if key not in self.bucket.objects:
            raise ViolationError("readers", f"{table} of {day} shows run {run}, which has no manifest")
        manifest = decoded(self.bucket.objects[key][0])
        return [part["key"] for part in manifest[table]]
