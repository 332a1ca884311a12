"""A lake in a folder of this machine: the same keys as paths, metadata beside them."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stream_worker.lake.store import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_METADATA = ".metadata"  # not beside the objects: a table's location holds Parquet only


@dataclass(frozen=True, slots=True)
class FolderLake:
    """A lake for one machine: the worker's questions, the same answers; several processes may use it."""

    root: Path

    def put_new(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        """Make the file unless there is one, in one step; its metadata follow at once."""
        path, metadata_path = self._path(key), self._metadata_path(key)
        for folder in (path.parent, metadata_path.parent):
            folder.mkdir(parents=True, exist_ok=True)
        fresh = metadata_path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        fresh.write_bytes(body)
        try:
            os.link(fresh, path)
        except FileExistsError:
            return False
        finally:
            fresh.unlink()
        fresh.write_text(json.dumps(dict(metadata)), encoding="utf-8")
        fresh.replace(metadata_path)
        return True

    def metadata(self, key: str) -> Mapping[str, str]:
        """Return the object's metadata."""
        text = self._metadata_path(key).read_text(encoding="utf-8")
        metadata: dict[str, str] = json.loads(text)
        return metadata

    def get(self, key: str) -> bytes:
        """Return the file's bytes."""
        return self._path(key).read_bytes()

    def find(self, key: str, most: int = MOST_BYTES) -> bytes | None:
        """Return the file's bytes, or None."""
        try:
            with self._path(key).open("rb") as file:
                return file.read(most + 1)
        except FileNotFoundError:
            return None

    def with_metadata(self, key: str) -> tuple[bytes, Mapping[str, str]]:
        """Return the file's bytes and metadata."""
        return self.get(key), self.metadata(key)

    def delete(self, keys: Iterable[str]) -> None:
        """Remove files and their metadata."""
        for key in keys:
            self._path(key).unlink(missing_ok=True)
            self._metadata_path(key).unlink(missing_ok=True)

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with `prefix`, in the order of their text."""
        below = self._path(prefix.rpartition("/")[0])
        found = (str(path.relative_to(self.root)) for path in below.rglob("*") if path.is_file())
        yield from sorted(key for key in found if key.startswith(prefix) and not key.startswith(_METADATA))

    def sizes(self, prefix: str) -> Mapping[str, int]:
        """Return the sizes of the files whose keys begin with `prefix`."""
        return {key: self._path(key).stat().st_size for key in self.keys(prefix)}

    def folders(self, prefix: str) -> list[str]:
        """Return the names of the folders directly below `prefix`."""
        below = self._path(prefix)
        found = [path.name for path in below.iterdir() if path.is_dir()] if below.is_dir() else []
        return sorted(name for name in found if name != _METADATA)

    def _metadata_path(self, key: str) -> Path:
        return self._path(_METADATA) / f"{key}.json"

    def _path(self, key: str) -> Path:
        return self.root / key
