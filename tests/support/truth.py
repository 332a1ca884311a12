"""What a lake really holds: read from its rows, not from what the worker says of them."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import polars as pl

from stream_worker.lake.keys import SegmentKey
from stream_worker.lake.segment import Summary
from stream_worker.lake.signpost import is_signpost
from stream_worker.lake.store import Lake
from stream_worker.stream.records import START, Position

Place = tuple[str, int, int]
"""Shard, sequence number and sub-sequence number: where a record or a member of an aggregate stands."""


@dataclass(frozen=True, slots=True)
class Truth:
    """The rows of all committed segments, and the rejects that belong to them; orphans are left out."""

    reports: pl.DataFrame
    rejects: pl.DataFrame
    summaries: list[Summary]

    @property
    def places(self) -> list[Place]:
        """The place of every row of either table, sorted; one that has two rows comes twice."""
        return sorted([*places_of(self.reports), *places_of(self.rejects)])

    @property
    def positions(self) -> list[tuple[str, int]]:
        """Shard and sequence number of every row of either table, sorted."""
        return [(shard_id, number) for shard_id, number, _ in self.places]

    @property
    def settled(self) -> dict[Place, str]:
        """What became of each record: `accepted`, or the reason why not."""
        accepted = dict.fromkeys(places_of(self.reports), "accepted")
        return accepted | dict(zip(places_of(self.rejects), self.rejects["reason"], strict=True))

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
        summary = Summary.parse(lake.metadata(key))
        if is_signpost(summary):
            assert pl.read_parquet(io.BytesIO(lake.get(key))).is_empty(), f"{key} has rows"
            continue
        start = _start(key)
        assert start not in steps, f"two segments go on from {start}"
        steps[start] = (key, summary)
    segments = [step for steps in chains.values() for step in _walk(steps)]
    frames = [_rows(lake, key, summary) for key, summary in segments]
    return Truth(
        _together(reports for reports, _ in frames),
        _together(rejects for _, rejects in frames),
        [summary for _, summary in segments],
    )


def rows_of(lake: Lake, key: str) -> list[Place]:
    """Return the places of all rows of the segment at a key, accepted and rejected."""
    summary = Summary.parse(lake.metadata(key))
    return (
        []
        if is_signpost(summary)
        else [place for rows in _rows(lake, key, summary) for place in places_of(rows)]
    )


def places_of(rows: pl.DataFrame) -> list[Place]:
    """Return the place of each row."""
    columns = rows.select("shard_id", "sequence_number", "sub_sequence_number").iter_rows()
    return [(shard_id, int(number), sub_number) for shard_id, number, sub_number in columns]


def _walk(steps: dict[Position, tuple[str, Summary]]) -> Iterable[tuple[str, Summary]]:
    position, left = START, dict(steps)
    while position in left:
        key, summary = left.pop(position)
        yield key, summary
        position = summary.last
    assert not left, f"segments that no chain leads to: {left}"


def _start(key: str) -> Position:
    found = SegmentKey.parse(key)
    assert found is not None, f"{key} is not a segment's"
    return found.start


def _rejects_of(lake: Lake, key: str, summary: Summary) -> str:
    stem = key.replace("reports/", "rejects/", 1).removesuffix(".parquet")
    name = f"{stem}-{summary.last}.{summary.rejects}.parquet"
    assert name in set(lake.keys(stem)), f"{name} is missing"
    return name


def _rows(lake: Lake, key: str, summary: Summary) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return a segment's reports and rejects, which must fill the step that it says it takes."""
    reports = pl.read_parquet(io.BytesIO(lake.get(key)))
    rejects = _NOTHING
    if summary.rejects:
        rejects = pl.read_parquet(io.BytesIO(lake.get(_rejects_of(lake, key, summary))))
    positions = [Position(*place) for _, *place in (*places_of(reports), *places_of(rejects))]
    assert len(positions) == summary.records, f"{key} has other rows than it says"
    assert _start(key) < min(positions), f"{key} has rows from before its start"
    assert max(positions) == summary.last, f"{key} ends elsewhere than it says"
    return reports, rejects


_NOTHING: Final = pl.DataFrame(
    schema={
        "shard_id": pl.String,
        "sequence_number": pl.String,
        "sub_sequence_number": pl.Int64,
        "reason": pl.String,
    }
)


def _together(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    held = [frame for frame in frames if frame is not _NOTHING]
    return pl.concat(held) if held else _NOTHING
