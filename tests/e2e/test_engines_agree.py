"""One stream, read by both engines into a lake of its own each: the same rows, to the last column."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from schemas.tables import REJECTS, REPORTS
from tests.support import truth
from tests.support.e2e import aggregates
from tests.support.e2e.installation import SECONDS, Installation

if TYPE_CHECKING:
    from tests.support.e2e.producer import Producer


@pytest.mark.parametrize("engine", ["kcl"])
def test_both_engines_make_the_same_rows_of_the_same_stream(
    installation: Installation, producer: Producer
) -> None:
    for _ in range(2):
        producer.put(180)
        producer.put_aggregates(180)
        producer.put_again()
    hard = aggregates.put(installation.cloud.kinesis, installation.cloud.resources.stream)
    producer.put(300)
    places = producer.places | {
        (shard_id, number, sub) for (shard_id, number), each in hard.items() for sub in range(each.records)
    }

    # Other limits and so other segments: what becomes of a record must not depend on them.
    with installation.worker("kcl", flush_records=170, flush_seconds=0.5) as worker:
        worker.wait_ready(lambda: installation.committed() == len(places), SECONDS)
        assert worker.stop(SECONDS) == 0
    other = beside(installation)
    other.drain("poll", flush_records=430)

    one, two = truth.read(installation.cloud.lake), truth.read(other.cloud.lake)
    assert set(one.places) == places
    assert len(one.places) == len(places)
    assert len(one.summaries) != len(two.summaries)
    assert set(one.outcomes) == {"accepted", "duplicate", "fraud", "invalid", "malformed"}
    assert any(sub for _, _, sub in truth.places_of(one.reports))
    for table, ours, theirs in (
        (REPORTS, one.reports, two.reports),
        (REJECTS, one.rejects, two.rejects),
    ):
        assert ours.columns == table.polars.names()
        assert_frame_equal(in_order(ours), in_order(theirs))


def beside(installation: Installation) -> Installation:
    """Return an installation on the same stream with a lake of its own."""
    cloud = installation.cloud
    name = f"{cloud.resources.bucket}-beside"
    cloud.s3.create_bucket(Bucket=name)
    return Installation(replace(cloud, resources=replace(cloud.resources, bucket=name)), installation.logs)


def in_order(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sort("shard_id", pl.col("sequence_number").str.zfill(56), "sub_sequence_number")
