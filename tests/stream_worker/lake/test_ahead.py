"""Objects that are read before their turn: in order, and bounded by bytes."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from stream_worker.lake.ahead import Sizes, ahead
from stream_worker.lake.store import MemoryLake

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 100


@dataclass(slots=True)
class Reader:
    """Reads made objects of given sizes and keeps count of what is in memory."""

    held: int = 0
    highest: int = 0
    alone: list[bool] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, size: int) -> int:
        with self._lock:
            self.alone.append(self.held == 0)
            self.held += size
            self.highest = max(self.highest, self.held)
        return size

    def let_go(self, size: int) -> None:
        with self._lock:
            self.held -= size


@pytest.mark.parametrize(
    "sizes", [[1] * 40, [30] * 40, [100] * 10, [1, 1, 1, 99, 1, 100, 50, 50, 1, 7, 93, 100] * 5, [0] * 40]
)
def test_no_more_than_so_many_bytes_are_in_memory(sizes: list[int]) -> None:
    reader, found = Reader(), []
    for size in ahead(sizes, lambda size: size, reader.read, MOST):
        found.append(size)
        reader.let_go(size)
    assert found == sizes
    assert reader.highest <= MOST


def test_an_object_of_more_bytes_is_read_alone() -> None:
    reader = Reader()
    for size in ahead([10, 10, 1_000, 10, 10], lambda size: size, reader.read, MOST):
        reader.let_go(size)
    assert reader.alone[2:4] == [True, True]


def test_what_goes_wrong_in_a_read_is_raised_in_its_turn() -> None:
    left = ahead([4, 0, 2], lambda _: 1, lambda number: 8 // number, MOST)
    assert next(left) == 2
    with pytest.raises(ZeroDivisionError):
        next(left)


class Listed(MemoryLake):
    listings: int = 0

    def sizes(self, prefix: str) -> Mapping[str, int]:
        self.listings += 1
        return MemoryLake.sizes(self, prefix)


def test_sizes_are_listed_once_for_a_shard_and_a_day() -> None:
    lake = Listed()
    keys = [
        f"{table}/live/dt=2026-11-2{day}/17.shardId-{shard}.{number:056d}{end}.parquet"
        for day in range(2)
        for shard in range(3)
        for number in range(1, 6)
        for table, end in (("reports", ""), ("rejects", f"-{number:056d}.{number:016x}"))
    ]
    for length, key in enumerate(keys):
        lake.put_new(key, b"x" * length, {})
    sizes = Sizes(lake)
    assert [sizes.of(key) for key in keys] == list(range(len(keys)))
    assert lake.listings == 12
    assert (sizes.of(None), sizes.of(f"{keys[-1]}.gone")) == (0, 0)
