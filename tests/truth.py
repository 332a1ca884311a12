"""What a lake really holds: read from its rows, not from what the worker says of them."""

import io
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from stream_worker.lake import Lake
from stream_worker.records import START, Position
from stream_worker.segment import Summary, start_of


@dataclass(frozen=True, slots=True)
class Truth:
    """The rows of all committed segments, and the rejects that belong to them; orphans are left out."""

    reports: pl.DataFrame
    rejects: pl.DataFrame
    summaries: list[Summary]

    @property
    def positions(self) -> list[tuple[str, int]]:
        """Shard and sequence number of every row of either table, sorted."""
        rows = [*self.reports.select("shard_id", "sequence_number").rows()]
        rows += self.rejects.select("shard_id", "sequence_number").rows()
        return sorted((shard_id, int(number)) for shard_id, number in rows)

    @property
    def outcomes(self) -> dict[str, int]:
        """How many rows had which outcome."""
        counts = dict(self.rejects["reason"].value_counts().rows())
        return {"accepted": len(self.reports)} | counts

    def check_sums(self) -> None:
        """Assert that the segments' metadata say what their rows are."""
        said: dict[str, int] = {}
        for summary in self.summaries:
            for outcome, count in summary.outcomes.items():
                said[outcome] = said.get(outcome, 0) + count
        assert {name: count for name, count in said.items() if count} == {
            name: count for name, count in self.outcomes.items() if count
        }


def read(lake: Lake) -> Truth:
    """Read all shards' chains of the live generation, asserting that each is whole: no gap, no fork."""
    chains: dict[str, dict[Position, tuple[str, Summary]]] = {}
    for key in lake.keys("reports/live/"):
        _, shard_id, _, _ = key.rpartition("/")[2].split(".")
        steps = chains.setdefault(shard_id, {})
        assert start_of(key) not in steps, f"two segments go on from {start_of(key)}"
        steps[start_of(key)] = (key, Summary.parse(lake.metadata(key)))
    segments = [step for steps in chains.values() for step in _walk(steps)]
    return Truth(
        _read_all(lake, [key for key, _ in segments]),
        _read_all(lake, [_rejects_of(lake, key, summary) for key, summary in segments if summary.rejects]),
        [summary for _, summary in segments],
    )


def _walk(steps: dict[Position, tuple[str, Summary]]) -> Iterable[tuple[str, Summary]]:
    position, left = START, dict(steps)
    while position in left:
        key, summary = left.pop(position)
        yield key, summary
        position = summary.last
    assert not left, f"segments that no chain leads to: {left}"


def _rejects_of(lake: Lake, key: str, summary: Summary) -> str:
    stem = key.replace("reports/", "rejects/", 1).removesuffix(".parquet")
    name = f"{stem}-{summary.last}.{summary.rejects}.parquet"
    assert name in set(lake.keys(stem)), f"{name} is missing"
    return name


def _read_all(lake: Lake, keys: list[str]) -> pl.DataFrame:
    frames = [pl.read_parquet(io.BytesIO(lake.get(key))) for key in keys]
    if frames:
        return pl.concat(frames)
    return pl.DataFrame(schema={"shard_id": pl.String, "sequence_number": pl.String, "reason": pl.String})
