"""The days that readers can find while they are live: each is added to the catalog once a process."""

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

    `connect` is called once, for the first day: a Glue client takes 14 MB and 0.1 s.
    """

    def __init__(self, connect: Callable[[], Catalog], clock: Callable[[], float] = time.monotonic) -> None:
        self._connect = connect
        self._clock = clock
        self._catalog: Catalog | None = None
        self._added: set[date] = set()
        self._next_try = clock()

    def __call__(self, day: date) -> None:
        """Add the day to the catalog, unless it was added before or a try failed in the last 30 s."""
        if day in self._added or self._clock() < self._next_try:
            return
        try:
            self._catalog = self._catalog or self._connect()
            self._catalog.add_live(day)
        except Exception as error:  # noqa: BLE001 - no catalog error may stop commits
            self._next_try = self._clock() + _PAUSE_SECONDS
            detail = str(error) if isinstance(error, WorkerError) else type(error).__name__
            note = (
                "Commits go on, and later ones try again. Until a try succeeds or the day is sealed, queries"
                " do not see the day."
            )
            log.warning("catalog.failed", day=str(day), detail=detail, note=note)
        else:
            self._added.add(day)


def live_days_in_glue(database: str, bucket: str) -> LiveDays:
    """Return live days that are added to a Glue database."""
    return LiveDays(lambda: GlueCatalog(clients.glue(in_passing=True), database, bucket))
