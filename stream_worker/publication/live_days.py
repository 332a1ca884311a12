"""The days that readers can find while they are live: each is told to the catalog once a process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import structlog

from stream_worker.process import clients
from stream_worker.process.errors import WorkerError
from stream_worker.publication.glue import GlueCatalog

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from stream_worker.publication.catalog import Catalog

_PAUSE_SECONDS: Final = 30.0  # after a failure: a catalog that hangs must not make every commit wait

log = structlog.get_logger("catalog")


class LiveDays:
    """Called after each commit, from one thread. It never raises: commits go on without the catalog.

    `connect` is called once, when the first day is to be told: a client of Glue takes 14 MB and 0.1 s.
    """

    def __init__(self, connect: Callable[[], Catalog], clock: Callable[[], float] = time.monotonic) -> None:
        self._connect = connect
        self._clock = clock
        self._catalog: Catalog | None = None
        self._told: set[date] = set()
        self._next_try = clock()

    def __call__(self, day: date) -> None:
        """See to it that readers find the day, unless that was done, or failed just now."""
        if day in self._told or self._clock() < self._next_try:
            return
        try:
            self._catalog = self._catalog or self._connect()
            self._catalog.add_live(day)
        except Exception as error:  # noqa: BLE001 - whatever it is: what is committed is there, and more can be
            self._next_try = self._clock() + _PAUSE_SECONDS
            detail = str(error) if isinstance(error, WorkerError) else type(error).__name__
            note = (
                "commits go on, and a later one tries again; until one of the day succeeds, or it is sealed, "
                "queries do not see the day"
            )
            log.warning("catalog.failed", day=str(day), detail=detail, note=note)
        else:
            self._told.add(day)


def told_to_glue(database: str, bucket: str) -> LiveDays:
    """Return what tells a database of Glue's."""
    return LiveDays(lambda: GlueCatalog(clients.glue(in_passing=True), database, bucket))
