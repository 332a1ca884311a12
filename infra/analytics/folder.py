"""A copy of the bucket in a folder: the same keys as paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from infra.analytics.lake_folder import FolderLake
from infra.analytics.location import LocationError
from stream_worker.lake.keys import LIVE, day_folder, days_folder, days_in, shown_folder, switches_folder
from stream_worker.publication.switch import Switch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

_GENERATIONS: Final = (LIVE, "sealed")


@dataclass(frozen=True, slots=True)
class Folder:
    """A lake in a folder.

    A folder has no catalog, but the lake notes each switch of readers before it is made: a day is where its
    newest note says, and live without one.
    """

    root: Path
    filesystem: None = None

    def __post_init__(self) -> None:
        if not self.root.is_dir():
            raise LocationError(f"there is no folder {self.root}: give a copy of the bucket, or s3://BUCKET")

    @property
    def name(self) -> str:
        """The folder's path."""
        return str(self.root)

    def days(self, table: str) -> Mapping[date, str]:
        """Return the days of either generation."""
        lake = FolderLake(self.root)
        folders = [name for kind in _GENERATIONS for name in lake.folders(days_folder(table, kind))]
        return {day: self._prefix(lake, table, day) for day in sorted(set(days_in(folders)))}

    def files(self, prefix: str) -> list[str]:
        """Return the paths of the files below a prefix."""
        return [str(path) for path in sorted((self.root / prefix).glob("*.parquet"))]

    def _prefix(self, lake: FolderLake, table: str, day: date) -> str:
        notes = list(lake.keys(switches_folder(day)))
        if not notes:
            return day_folder(table, LIVE, day)
        return shown_folder(table, day, Switch.model_validate_json(lake.get(notes[-1])).after)
