"""Reads objects before their turn, in threads: as many at a time as fit into a number of bytes."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

from stream_worker.lake.keys import RejectsKey, SegmentKey, shard_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from stream_worker.lake.store import Lake

_READERS: Final = 8
_MOST: Final = 16
MOST_BYTES: Final = 32 * 1024 * 1024
"""The most bytes of objects that are read at a time, by default; a single object may have more."""

_T = TypeVar("_T")
_R = TypeVar("_R")


def ahead(
    items: Iterable[_T], size: Callable[[_T], int], read: Callable[[_T], _R], most_bytes: int = MOST_BYTES
) -> Iterator[_R]:
    """Yield what `read` returns for each item, in order, while other threads read the next ones.

    By their `size`, in bytes, those have `most_bytes` at most together, or there is only one.
    """
    under_way: deque[tuple[int, Future[_R]]] = deque()
    held = 0
    with ThreadPoolExecutor(_READERS) as readers:
        for one in items:
            own = size(one)
            while under_way and (held + own > most_bytes or len(under_way) >= _MOST):
                done = under_way[0][0]
                yield under_way.popleft()[1].result()  # no name: it would keep what the caller releases
                held -= done
            held += own
            under_way.append((own, readers.submit(read, one)))
        while under_way:
            yield under_way.popleft()[1].result()


class Sizes:
    """The sizes of segments and their rejects in bytes; 0 for an object that does not exist.

    Asking for the first object of a shard and day lists them all, and the last listing of each table is
    kept. So ask for the objects of one shard and day one after the other.
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._listed: dict[str, tuple[str, dict[str, int]]] = {}

    def of(self, key: str | None) -> int:
        """Return the size of the object at a key, 0 for None."""
        if key is None:
            return 0
        table, prefix = _beside(key)
        if self._listed.get(table, ("", {}))[0] != prefix:
            self._listed[table] = prefix, dict(self._lake.sizes(prefix))
        return self._listed[table][1].get(key, 0)


def _beside(key: str) -> tuple[str, str]:
    """Return an object's table, and how the keys of its shard and day begin."""
    segment = SegmentKey.parse(key)
    found, table = (segment, "reports") if segment else (RejectsKey.parse(key), "rejects")
    if found is None:
        return table, key
    return table, shard_prefix(table, found.generation, found.day, found.epoch, found.shard_id)
