"""The lake: what the worker needs of an object store, and a fake that keeps objects in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


MOST_BYTES: Final = 2**30
"""None of the worker's objects is longer. A longer one is foreign and is not read into memory whole."""

DOCUMENT_BYTES: Final = 2**25
"""The most that a manifest or a note has."""


class Lake(Protocol):
    """An object store with atomic conditional PUTs."""

    def put_new(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        """Make the object unless one exists; return whether this call made it.

        False may also mean that an earlier try of this very call made it and its answer was lost.
        """

    def metadata(self, key: str) -> Mapping[str, str]:
        """Return the metadata of an object that exists."""

    def get(self, key: str) -> bytes:
        """Return the bytes of an object that exists; of one longer than `MOST_BYTES`, only the beginning."""

    def find(self, key: str, most: int = MOST_BYTES) -> bytes | None:
        """Return the bytes of an object, or None if there is none.

        Of one longer than `most` it returns `most` + 1 bytes: enough to see that it is too long.
        """

    def with_metadata(self, key: str) -> tuple[bytes, Mapping[str, str]]:
        """Return the bytes, as `get` does, and the metadata of an object that exists."""

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; an object that does not exist counts as removed."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield all keys that begin with `prefix`, in the order of their text."""

    def sizes(self, prefix: str) -> Mapping[str, int]:
        """Return the size in bytes of each object whose key begins with `prefix`."""

    def folders(self, prefix: str) -> list[str]:
        """Return the names between `prefix` and the next slash, each once, in the order of their text."""


@dataclass(slots=True)
class MemoryLake:
    """A lake for tests, with the same answers; one thread at a time."""

    objects: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)

    def put_new(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        """Make the object unless there is one."""
        if key in self.objects:
            return False
        self.objects[key] = (body, dict(metadata))
        return True

    def metadata(self, key: str) -> Mapping[str, str]:
        """Return the object's metadata."""
        return self.objects[key][1]

    def get(self, key: str) -> bytes:
        """Return the object's bytes."""
        return self.objects[key][0]

    def find(self, key: str, most: int = MOST_BYTES) -> bytes | None:
        """Return the object's bytes, or None."""
        return self.objects[key][0][: most + 1] if key in self.objects else None

    def with_metadata(self, key: str) -> tuple[bytes, Mapping[str, str]]:
        """Return the object's bytes and metadata."""
        return self.get(key), self.metadata(key)

    def delete(self, keys: Iterable[str]) -> None:
        """Remove the objects."""
        for key in keys:
            self.objects.pop(key, None)

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with `prefix`."""
        yield from sorted(key for key in self.objects if key.startswith(prefix))

    def sizes(self, prefix: str) -> Mapping[str, int]:
        """Return the sizes of the objects whose keys begin with `prefix`."""
        return {key: len(self.objects[key][0]) for key in self.keys(prefix)}

    def folders(self, prefix: str) -> list[str]:
        """Return the names directly below `prefix`."""
        rest = (key.removeprefix(prefix) for key in self.keys(prefix))
        return sorted({name.partition("/")[0] for name in rest if "/" in name})
