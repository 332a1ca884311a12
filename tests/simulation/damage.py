"""What may happen to a sealed day in the lake or in the catalog: an audit must find each of these."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from stream_worker.lake import segment
from tests.simulation.commands import BUCKET
from tests.simulation.stand_ins import rows_of
from tests.simulation.stored import rejects_of

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator
    from datetime import date

    from tests.simulation.game import Game

Damage = tuple[str, "Callable[[], object]"]


def damages(game: Game, day: date, rng: random.Random, most: int = 3) -> Iterator[Damage]:
    """Yield some damages of a day: what is damaged, and how to do it."""
    bench = _Bench(game, str(day), rng)
    found = [one for one in bench.all() if one is not None]
    yield from rng.sample(found, min(most, len(found)))


def damages_while_live(game: Game, day: date, rng: random.Random) -> list[Damage]:
    """Return damages of a day whose live segments readers see: no manifest says what there was."""
    found = _Bench(game, str(day), rng).of_segments()
    return [one for one in found if one is not None]


@dataclass(slots=True)
class _Bench:
    game: Game
    day: str
    rng: random.Random

    def all(self) -> list[Damage | None]:
        """Return every damage that the day can have."""
        objects, run = self.game.place.bucket.objects, self._run()
        live = [key for key in self._keys("reports/live") if objects[key][1]["records"] != "0"]
        return [
            self._gone("a segment", live),
            self._gone("a file of the run's reports", run["reports"]),
            self._gone("a file of the run's rejects", run["rejects"]),
            self._gone("a manifest", run["manifest"]),
            self._gone("the rejects of a segment", self._committed_rejects()),
            self._changed("a segment", live),
            self._changed("a file of the run", run["reports"] + run["rejects"]),
            self._cut("a file of the run", run["reports"]),
            self._altered("a segment", [key for key in live if objects[key][1]["accepted"] != "0"]),
            self._counted("a segment", live),
            self._swapped(live),
            self._copied(live),
            self._foreign(),
            self._extra(run["reports"]),
            self._manifest_lies(run["manifest"]),
            self._elsewhere("reports"),
            self._elsewhere("rejects"),
            self._unseen("reports"),
        ]

    def of_segments(self) -> list[Damage | None]:
        """Return damages that segments themselves show; none that the last one of a chain is gone."""
        objects = self.game.place.bucket.objects
        live = [key for key in self._keys("reports/live") if objects[key][1]["records"] != "0"]
        full = [key for key in live if objects[key][1]["accepted"] != "0"]
        return [
            self._gone(
                "a segment that another follows", [key for key in live if self._is_followed(key, live)]
            ),
            self._gone("the rejects of a segment", self._committed_rejects()),
            self._counted("a segment", live),
            self._altered("a segment", full),
            self._copied(live),
        ]

    def _is_followed(self, key: str, others: list[str]) -> bool:
        last = self.game.place.bucket.objects[key][1]["last"]
        owner = key.rpartition(".parquet")[0].rpartition(".")[0]
        return f"{owner}.{last}.parquet" in others

    def _altered(self, what: str, keys: list[str]) -> Damage | None:
        """Change a value, and nothing that counts."""

        def change(body: bytes) -> bytes:
            return segment.parquet(rows_of(body).with_columns(pl.lit("9.9.9").alias("version")))

        return self._rewrite(f"{what} has another version in its rows", keys, change)

    def _keys(self, table: str) -> list[str]:
        prefix = f"{table}/dt={self.day}/"
        return sorted(key for key in self.game.place.bucket.objects if key.startswith(prefix))

    def _run(self) -> dict[str, list[str]]:
        location = self.game.place.glue.partitions["reports", self.day]
        run = location.rstrip("/").rpartition("run=")[2]
        manifest = self.game.sight.manifest(self.day, run)
        parts = {table: [part["key"] for part in manifest[table]] for table in ("reports", "rejects")}
        return parts | {"manifest": [f"runs/dt={self.day}/{run}.json"]}

    def _committed_rejects(self) -> list[str]:
        bucket = self.game.place.bucket
        committed = {
            rejects_of(key, metadata)
            for key, (_, metadata) in bucket.objects.items()
            if key.startswith(f"reports/live/dt={self.day}/")
        }
        return sorted(key for key in committed if key is not None)

    def _gone(self, what: str, keys: list[str]) -> Damage | None:
        if not keys:
            return None
        key = self.rng.choice(keys)
        return f"{what} is gone", partial(self.game.place.bucket.objects.pop, key)

    def _changed(self, what: str, keys: list[str]) -> Damage | None:
        return self._rewrite(f"{what} has other bytes", keys, lambda body: b"PAR1 " + b"0" * (len(body) - 5))

    def _cut(self, what: str, keys: list[str]) -> Damage | None:
        return self._rewrite(f"{what} is cut", keys, lambda body: body[: len(body) // 2])

    def _rewrite(self, what: str, keys: list[str], change: Callable[[bytes], bytes]) -> Damage | None:
        if not keys:
            return None
        key, objects = self.rng.choice(keys), self.game.place.bucket.objects

        def do() -> None:
            body, metadata = objects[key]
            objects[key] = (change(body), metadata)

        return what, do

    def _counted(self, what: str, keys: list[str]) -> Damage | None:
        if not keys:
            return None
        key, objects = self.rng.choice(keys), self.game.place.bucket.objects
        outcome = self.rng.choice(("accepted", "duplicate", "invalid"))

        def do() -> None:
            body, metadata = objects[key]
            objects[key] = (body, metadata | {outcome: str(int(metadata[outcome]) + 1)})

        return f"{what} says one more is {outcome}", do

    def _swapped(self, keys: list[str]) -> Damage | None:
        objects = self.game.place.bucket.objects
        full = [key for key in keys if objects[key][1]["accepted"] != "0"]
        others = [key for key in keys if objects[key][0] != objects[full[0]][0]] if full else []
        if not others:
            return None
        return "a segment has the rows of another", lambda: objects.update(
            {full[0]: (objects[others[0]][0], objects[full[0]][1])}
        )

    def _copied(self, keys: list[str]) -> Damage | None:
        if not keys:
            return None
        key, objects = self.rng.choice(keys), self.game.place.bucket.objects
        head, _, position = key.removesuffix(".parquet").rpartition(".")
        number = 1 if position == "start" else int(position.partition("_")[0]) + 1
        copy = f"{head}.{number:056d}.parquet"
        return (
            ("a segment is there twice", lambda: objects.update({copy: objects[key]}))
            if copy not in objects
            else None
        )

    def _foreign(self) -> Damage:
        key = f"reports/live/dt={self.day}/notes.txt"
        return "something foreign lies among the segments", lambda: self.game.place.bucket.objects.update(
            {key: (b"", {})}
        )

    def _extra(self, keys: list[str]) -> Damage:
        key = f"{keys[0].rpartition('/')[0]}/part-99999.parquet"
        objects = self.game.place.bucket.objects
        return "a file too many lies in the run", lambda: objects.update({key: objects[keys[0]]})

    def _manifest_lies(self, keys: list[str]) -> Damage:
        def change(body: bytes) -> bytes:
            manifest = json.loads(body)
            manifest["outcomes"]["accepted"] += 1
            return json.dumps(manifest).encode()

        found = self._rewrite("the manifest counts one more", keys, change)
        assert found is not None
        return found

    def _elsewhere(self, table: str) -> Damage:
        location = f"s3://{BUCKET}/{table}/sealed/dt={self.day}/run=0123456789abcdef/"
        partitions = self.game.place.glue.partitions
        return f"readers of {table} are pointed elsewhere", lambda: partitions.update(
            {(table, self.day): location}
        )

    def _unseen(self, table: str) -> Damage:
        return f"readers of {table} do not find the day", partial(
            self.game.place.glue.partitions.pop, (table, self.day)
        )
