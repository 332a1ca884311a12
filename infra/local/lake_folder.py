"""A lake in a folder of this machine: the same keys as paths, metadata beside them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_METADATA = ".metadata"  # not beside the objects: a table's location holds Parquet only


@dataclass(frozen=True, slots=True)
class FolderLake:
    """A lake for one machine: the worker's questions, the same answers; several processes may use it."""

    root: Path

    def put_new(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        """Make the file unless there is one, in one step."""
        path, told = self._path(key), self._path(_METADATA) / f"{key}.json"
        for folder in (path.parent, told.parent):
            folder.mkdir(parents=True, exist_ok=True)
        fresh = told.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(body)
        try:
            if path.exists():
                return False
            told.write_text(json.dumps(dict(metadata)), encoding="utf-8")
            os.link(fresh, path)
        except FileExistsError:
            return False
        finally:
            fresh.unlink()
        return True

    def metadata(self, key: str) -> Mapping[str, str]:
        """Return the object's metadata."""
        text = (self._path(_METADATA) / f"{key}.json").read_text(encoding="utf-8")
        metadata: dict[str, str] = json.loads(text)
        return metadata

    def get(self, key: str) -> bytes:
        """Return the file's bytes."""
        return self._path(key).read_bytes()

    def find(self, key: str) -> bytes | None:
        """Return the file's bytes, or None."""
        try:
            return self.get(key)
        except FileNotFoundError:
            return None

    def delete(self, keys: Iterable[str]) -> None:
        """Remove files and their metadata."""
        for key in keys:
            self._path(key).unlink(missing_ok=True)
            (self._path(_METADATA) / f"{key}.json").unlink(missing_ok=True)

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with `prefix`, in the order of their text."""
        below = self._path(prefix.rpartition("/")[0])
        found = (str(path.relative_to(self.root)) for path in below.rglob("*") if path.is_file())
        yield from sorted(key for key in found if key.startswith(prefix) and not key.startswith(_METADATA))

    def folders(self, prefix: str) -> list[str]:
        """Return the names of the folders directly below `prefix`."""
        below = self._path(prefix)
        return sorted(path.name for path in below.iterdir() if path.is_dir()) if below.is_dir() else []

    def _path(self, key: str) -> Path:
        return self.root / key
