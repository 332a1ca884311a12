"""Where lakes are read, and what is said where there is none."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from infra.analytics.bucket import Bucket
from infra.analytics.engine import Engine
from infra.analytics.folder import Folder
from infra.analytics.location import LocationError
from infra.analytics.opening import open_lake
from infra.analytics.questions import QUESTIONS
from tests.support.analytics import lakes
from tests.support.analytics.truth import DAY, Truth

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.infra.analytics.conftest import Filled

LAST = date(2026, 11, 22)


def test_a_place_is_a_folder_or_a_bucket_or_the_environments_bucket(tmp_path: Path) -> None:
    assert open_lake(str(tmp_path), {}) == Folder(tmp_path)
    assert open_lake("s3://mine/", {}) == Bucket("mine", "metrics")
    assert open_lake(None, {"METRICS_BUCKET": "ours", "METRICS_DATABASE": "d"}) == Bucket("ours", "d")


@pytest.mark.parametrize(
    ("given", "environment", "said"),
    [
        (None, {}, "METRICS_BUCKET"),
        ("s3://", {}, "is not a bucket"),
        ("s3://mine/reports", {}, "is not a bucket"),
        ("/not/there", {}, "there is no folder /not/there"),
    ],
)
def test_a_place_that_is_none_is_refused_with_what_to_do(
    given: str | None, environment: Mapping[str, str], said: str
) -> None:
    with pytest.raises(LocationError, match=said):
        open_lake(given, environment)


def test_a_bucket_or_a_catalog_that_is_not_there_is_told(
    filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in filled.cloud.environment.items():
        monkeypatch.setenv(name, value)
    with (
        pytest.raises(LocationError, match="nowhere"),
        Engine(Bucket(filled.cloud.resources.bucket, "nowhere")),
    ):
        pass
    with (
        pytest.raises(LocationError, match="nowhere"),
        Engine(Bucket("nowhere", filled.cloud.resources.database)),
    ):
        pass


def test_a_file_that_goes_or_is_not_parquet_is_reported(tmp_path: Path) -> None:
    truth = Truth([lakes.report(LAST, 1)], [], {LAST: "sealed"})
    lakes.write(tmp_path, truth)
    (part,) = tmp_path.glob("reports/sealed/*/*/*.parquet")
    with Engine(Folder(tmp_path)) as engine:
        part.unlink()
        with pytest.raises(LocationError, match="cannot be read"):
            engine.ask(QUESTIONS["growth"])
    part.write_bytes(b"PAR1 and no more")
    with pytest.raises(LocationError, match="cannot be read"), Engine(Folder(tmp_path)) as engine:
        engine.ask(QUESTIONS["growth"])


def test_readers_see_what_the_newest_switch_says(tmp_path: Path) -> None:
    """A day that was sealed and put back is live again; its run is there, and is not read."""
    truth = Truth(
        [lakes.report(LAST, 1), lakes.report(LAST - DAY, 2)], [], {LAST: "sealed", LAST - DAY: "live"}
    )
    lakes.write(tmp_path, truth)
    lakes.put_back(tmp_path, LAST)
    with Engine(Folder(tmp_path)) as engine:
        assert [row[1:3] for row in engine.ask(QUESTIONS["freshness"]).rows] == [("live", 1), ("empty", 0)]


def test_a_partition_of_another_day_is_refused(tmp_path: Path) -> None:
    class Crossed(Folder):
        def days(self, table: str) -> Mapping[date, str]:
            return {LAST: f"{table}/live/dt={LAST - DAY}/"}

    with (
        pytest.raises(LocationError, match="points at reports/live/dt=2026-11-21/"),
        Engine(Crossed(tmp_path)),
    ):
        pass
