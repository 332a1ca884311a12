from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stream_worker.days import diff
from stream_worker.days.diff import Change, changes
from stream_worker.judging.pipeline import settle
from stream_worker.judging.seen import Seen
from tests.support.worker.samples import FORGED, INVALID, MALFORMED, SHARD, body, records

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

BODIES = [body(number) for number in range(50)]


def both(bodies: Iterable[bytes], first: int = 0) -> list[pl.DataFrame]:
    settled = settle(records(bodies, first), Seen(), SHARD.shard_id)
    return [settled.accepted, settled.rejected]


@pytest.fixture(params=[10**6, 10], ids=["one bucket", "buckets"])
def records_told(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(diff, "_BUCKET_ROWS", request.param)
    return 60


def test_the_same_rows_in_other_files_are_no_change(records_told: int) -> None:
    bodies = [*BODIES, FORGED, MALFORMED, INVALID, BODIES[0]]
    whole = both(bodies)
    pieces = [piece for rows in whole for piece in (rows[7:], rows[:7])]
    assert changes(whole, pieces, records_told) == []


def test_each_outcome_that_differs_is_counted_by_what_it_was_and_is(records_told: int) -> None:
    before = both([*BODIES, MALFORMED, FORGED, INVALID])
    after = both([INVALID, FORGED, *BODIES[2:], MALFORMED, body(3), body(70)])
    assert changes(before, after, records_told) == [
        Change("accepted", "fraud nonce_repeats", 1),
        Change("accepted", "invalid $.version", 1),
        Change("fraud nonce_repeats", "duplicate", 1),
        Change("invalid $.version", "accepted", 1),
    ]


def test_a_value_that_differs_is_a_change_of_the_accepted(records_told: int) -> None:
    before, after = both(BODIES), both([body(0, version="1.2.4"), *BODIES[1:]])
    assert changes(before, after, records_told) == [Change("accepted", "accepted", 1)]


def test_records_that_one_side_does_not_have_are_absent(records_told: int) -> None:
    assert changes(both(BODIES), both(BODIES[:-2]), records_told) == [Change("accepted", "absent", 2)]
    assert changes([], both([*BODIES, MALFORMED]), records_told) == [
        Change("absent", "accepted", 50),
        Change("absent", "malformed", 1),
    ]
    assert changes([], [], 0) == []
