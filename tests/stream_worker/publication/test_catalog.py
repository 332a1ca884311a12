"""One contract, held by the catalog in memory and by Glue."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from infra.local.emulator.fault import Fault, Kind
from schemas.tables import REPORTS, TABLES
from stream_worker.process.errors import OutageError, SetupError
from stream_worker.publication.catalog import Catalog, MemoryCatalog
from stream_worker.publication.glue import GlueCatalog
from tests.support.local.control import faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Cloud

DAY, NEXT = date(2026, 11, 22), date(2026, 11, 23)
SEALED = "reports/sealed/dt=2026-11-22/run=1/"


@pytest.fixture
def glue(cloud: Cloud, database: str) -> GlueCatalog:
    return GlueCatalog(cloud.glue, database, database)


@pytest.fixture(params=["memory", "glue"])
def catalog(request: pytest.FixtureRequest, glue: GlueCatalog) -> Catalog:
    return MemoryCatalog() if request.param == "memory" else glue


def live(table: str, day: date) -> str:
    return f"{table}/live/dt={day}/"


def test_a_day_is_added_to_both_tables_and_again_changes_nothing(catalog: Catalog) -> None:
    assert [catalog.location(table.name, DAY) for table in TABLES] == [None, None]
    for _ in range(2):
        catalog.add_live(DAY)
    for table in TABLES:
        assert catalog.location(table.name, DAY) == live(table.name, DAY)
        assert catalog.days(table.name) == {DAY: live(table.name, DAY)}


def test_a_day_that_points_elsewhere_is_left_there(catalog: Catalog) -> None:
    catalog.point("reports", DAY, SEALED)
    catalog.add_live(DAY)
    assert catalog.location("reports", DAY) == SEALED
    assert catalog.location("rejects", DAY) == live("rejects", DAY)


def test_a_day_is_pointed_there_and_back_and_its_neighbour_stays(catalog: Catalog) -> None:
    for day in (DAY, NEXT):
        catalog.add_live(day)
    catalog.point("reports", DAY, SEALED)
    assert catalog.days("reports") == {DAY: SEALED, NEXT: live("reports", NEXT)}
    assert catalog.days("rejects") == {day: live("rejects", day) for day in (DAY, NEXT)}
    catalog.point("reports", DAY, live("reports", DAY))
    assert catalog.location("reports", DAY) == live("reports", DAY)


def test_athena_finds_in_a_days_description_what_the_tables_has(
    cloud: Cloud, database: str, glue: GlueCatalog
) -> None:
    def described(**update: str) -> list[Any]:
        table = cloud.glue.get_table(DatabaseName=database, Name="reports")["Table"]
        day = cloud.glue.get_partition(
            DatabaseName=database, TableName="reports", PartitionValues=["2026-11-22"]
        )["Partition"]
        return [table["StorageDescriptor"] | update, day["StorageDescriptor"]]

    glue.add_live(DAY)
    expected, found = described(Location=f"s3://{database}/reports/live/dt=2026-11-22/")
    assert found == expected
    assert found["Columns"] == REPORTS.glue
    glue.point("reports", DAY, SEALED)
    expected, found = described(Location=f"s3://{database}/{SEALED}")
    assert found == expected


def test_a_location_outside_the_bucket_is_returned_whole(
    cloud: Cloud, database: str, glue: GlueCatalog
) -> None:
    elsewhere = GlueCatalog(cloud.glue, database, "another-bucket")
    elsewhere.add_live(DAY)
    url = "s3://another-bucket/reports/live/dt=2026-11-22/"
    assert glue.location("reports", DAY) == url
    assert glue.days("reports") == {DAY: url}


def test_a_place_that_was_written_without_its_last_slash_is_the_same(glue: GlueCatalog) -> None:
    glue.point("reports", DAY, SEALED.rstrip("/"))
    assert glue.location("reports", DAY) == SEALED


def test_of_many_who_add_a_day_none_fails(cloud: Cloud, database: str) -> None:
    catalogs = [GlueCatalog(cloud.glue, database, database) for _ in range(16)]
    with ThreadPoolExecutor(16) as processes:
        list(processes.map(lambda one: one.add_live(DAY), catalogs))
    assert catalogs[0].days("reports") == {DAY: live("reports", DAY)}


def test_a_switch_that_meets_a_new_day_halfway_is_made(
    cloud: Cloud, glue: GlueCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = cloud.glue.create_partition

    def beaten(**wanted: Any) -> None:  # noqa: ANN401 - the client's own
        monkeypatch.undo()
        glue.add_live(DAY)
        create(**wanted)

    monkeypatch.setattr(cloud.glue, "create_partition", beaten)
    glue.point("reports", DAY, SEALED)
    assert glue.location("reports", DAY) == SEALED


def test_days_are_listed_page_by_page(
    glue: GlueCatalog, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [
        {"Partitions": [{"Values": [str(day)], "StorageDescriptor": {"Location": f"s3://b/{day}/"}}]}
        for day in (DAY, NEXT)
    ]
    paginator = mock.Mock(paginate=mock.Mock(return_value=pages))
    monkeypatch.setattr(cloud.glue, "get_paginator", {"get_partitions": paginator}.__getitem__)
    assert glue.days("reports") == {DAY: f"s3://b/{DAY}/", NEXT: f"s3://b/{NEXT}/"}


def test_a_partition_that_is_not_of_a_date_is_named(cloud: Cloud, database: str, glue: GlueCatalog) -> None:
    storage: Any = REPORTS.storage(f"s3://{database}/x/")
    wanted: Any = {"Values": ["__HIVE_DEFAULT_PARTITION__"], "StorageDescriptor": storage}
    cloud.glue.create_partition(DatabaseName=database, TableName="reports", PartitionInput=wanted)
    with pytest.raises(SetupError, match="dt=__HIVE_DEFAULT_PARTITION__ of table reports is not a date"):
        glue.days("reports")


ASKS: list[Callable[[Catalog], object]] = [
    lambda catalog: catalog.add_live(DAY),
    lambda catalog: catalog.location("reports", DAY),
    lambda catalog: catalog.point("reports", DAY, SEALED),
    lambda catalog: catalog.days("reports"),
]


@pytest.mark.parametrize("ask", ASKS)
def test_a_missing_database_is_a_matter_of_setup(cloud: Cloud, ask: Callable[[Catalog], object]) -> None:
    with pytest.raises(SetupError, match="database nowhere: EntityNotFoundException; check METRICS_DATABASE"):
        ask(GlueCatalog(cloud.glue, "nowhere", "bucket"))


@pytest.mark.parametrize("ask", ASKS)
def test_an_outage_is_reported(cloud: Cloud, glue: GlueCatalog, ask: Callable[[Catalog], object]) -> None:
    with (
        faults(cloud.url, Fault(service="glue", kind=Kind.FAIL)),
        pytest.raises(OutageError, match="AWS answered InternalServiceException"),
    ):
        ask(glue)
