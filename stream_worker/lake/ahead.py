"""Reads objects before their turn, in threads, as many at a time as a number of bytes lets in."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from stream_worker.lake.store import Lake

_READERS: Final = 8
_MOST: Final = 16
MOST_BYTES: Final = 32 * 1024 * 1024
"""Bytes of objects that are read at a time, by default: one object alone may have more."""

_T = TypeVar("_T")
_R = TypeVar("_R")


def ahead(
    wanted: Iterable[_T], size: Callable[[_T], int], read: Callable[[_T], _R], most_bytes: int = MOST_BYTES
) -> Iterator[_R]:
    """Yield what `read` returns for each, in order; the next ones are on their way in other threads.

    Together they have `most_bytes` at most by their `size`, in bytes, or one of them is alone.
    """
    under_way: deque[tuple[int, Future[_R]]] = deque()
    held = 0
    with ThreadPoolExecutor(_READERS) as readers:
        for one in wanted:
            own = size(one)
            while under_way and (held + own > most_bytes or len(under_way) >= _MOST):
                done = under_way[0][0]
                yield under_way.popleft()[1].result()  # no name here: it would keep what the caller lets go
                held -= done
            held += own
            under_way.append((own, readers.submit(read, one)))
        while under_way:
            yield under_way.popleft()[1].result()


class Sizes:
    """The sizes of a lake's objects in bytes; 0 for one that is not there.

    A shard's objects of a day are listed together, when the first of them is asked for: they are best asked
    for one after the other, and the last listing of each table is kept.
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._listed: dict[str, tuple[str, dict[str, int]]] = {}

    def of(self, key: str | None) -> int:
        """Return the size of an object; None is no object."""
        if key is None:
            return 0
        folder, _, name = key.rpartition("/")
        prefix = f"{folder}/{'.'.join(name.split('.')[:2])}."
        table = key.partition("/")[0]
        if self._listed.get(table, ("", {}))[0] != prefix:
            self._listed[table] = prefix, dict(self._lake.sizes(prefix))
        return self._listed[table][1].get(key, 0)
