from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import pytest
import structlog

from infra.local.emulator.fault import Fault, Kind
from stream_worker.process.errors import OutageError, SetupError
from stream_worker.publication.catalog import Catalog, MemoryCatalog
from stream_worker.publication.glue import GlueCatalog
from stream_worker.publication.live_days import LiveDays, live_days_in_glue
from tests.support.local.control import faults

if TYPE_CHECKING:
    from tests.conftest import Cloud

DAY, NEXT = date(2026, 11, 22), date(2026, 11, 23)


@dataclass
class Moody(MemoryCatalog):
    """A catalog that fails as long as it has an error, and counts what it is asked."""

    error: Exception | None = None
    asked: list[date] = field(default_factory=list)
    connected: int = 0
    now: float = 0.0

    def connect(self) -> Catalog:
        self.connected += 1
        return self

    def add_live(self, day: date) -> None:
        self.asked.append(day)
        if self.error is not None:
            raise self.error
        MemoryCatalog.add_live(self, day)

    def live_days(self) -> LiveDays:
        return LiveDays(self.connect, lambda: self.now)


def test_each_day_is_added_once_and_the_catalog_is_connected_with_the_first() -> None:
    catalog = Moody()
    announce = catalog.live_days()
    assert catalog.connected == 0
    for day in (DAY, DAY, NEXT, DAY, NEXT):
        announce(day)
    assert (catalog.asked, catalog.connected) == ([DAY, NEXT], 1)
    assert set(catalog.days("reports")) == set(catalog.days("rejects")) == {DAY, NEXT}


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (SetupError("database metrics: AccessDeniedException"), "database metrics: AccessDeniedException"),
        (
            OutageError("database metrics: cannot be reached"),
            "database metrics: cannot be reached",
        ),
        (RuntimeError("whatever"), "RuntimeError"),
    ],
)
def test_a_failure_is_a_warning_and_the_next_try_comes_after_half_a_minute(
    error: Exception, detail: str
) -> None:
    catalog = Moody(error=error)
    announce = catalog.live_days()
    with structlog.testing.capture_logs() as lines:
        for now in (0.0, 1.0, 29.9):
            catalog.now = now
            announce(DAY)
            announce(NEXT)
    assert catalog.asked == [DAY]
    (line,) = lines
    assert (line["event"], line["log_level"], line["day"]) == ("catalog.failed", "warning", "2026-11-22")
    assert line["detail"] == detail
    catalog.now, catalog.error = 30.0, None
    for day in (DAY, DAY, NEXT):
        announce(day)
    assert catalog.asked == [DAY, DAY, NEXT]


def test_a_catalog_that_cannot_be_connected_is_tried_again() -> None:
    catalog = Moody()
    errors: list[Exception] = [SetupError("set AWS_REGION")]

    def connect() -> Catalog:
        if errors:
            raise errors.pop()
        return catalog

    announce = LiveDays(connect, lambda: catalog.now)
    announce(DAY)
    assert catalog.asked == []
    catalog.now = 30.0
    announce(DAY)
    assert catalog.asked == [DAY]


def test_glue_is_called_no_more_often_than_it_must_be(
    cloud: Cloud, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in cloud.endpoint.environment.items():
        monkeypatch.setenv(name, value)
    announce = live_days_in_glue(database, database)
    hang = Fault(service="glue", operation="CreatePartition", kind=Kind.HANG_THEN_BREAK, hang=60)
    with faults(cloud.url, hang) as sabotage, structlog.testing.capture_logs() as lines:
        announce(DAY)
        announce(DAY)
        assert sabotage.hits == [2]
    assert [line["event"] for line in lines] == ["catalog.failed"]
    announce = live_days_in_glue(database, database)
    with faults(cloud.url, Fault(service="glue", kind=Kind.FAIL, times=1)) as sabotage:
        announce(DAY)
        assert sabotage.hits == [1]
    catalog = GlueCatalog(cloud.glue, database, database)
    assert catalog.location("reports", DAY) == "reports/live/dt=2026-11-22/"
    assert catalog.location("rejects", DAY) == "rejects/live/dt=2026-11-22/"
