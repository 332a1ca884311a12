"""Each deployment's first report of the day stays, and what is taken out can be settled again."""

from __future__ import annotations

import random
import uuid
from dataclasses import replace
from datetime import UTC, datetime

import orjson
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.report import COUNTERS
from schemas.tables import REJECTS, REPORTS
from stream_worker.judging.day_fraud import Evidence, study
from stream_worker.judging.day_pipeline import POSITION, dedupe, settle_part, with_bodies, with_nonces
from stream_worker.judging.judgement import JUDGEMENT
from stream_worker.judging.pipeline import settle
from stream_worker.judging.seen import Seen
from stream_worker.stream.records import Records
from tests.support.worker.samples import NOON, SHARD, body, nonce, records

Place = tuple[int, str, str, int]  # arrival, shard, sequence number, sub-sequence number


def reports(places: list[Place], stack_id: str = nonce(1)) -> pl.DataFrame:
    row = settle(records([body(1, stack_id=stack_id)]), Seen(), "s").accepted
    rows = [
        row.with_columns(
            arrived_at=pl.lit(NOON + arrived).cast(REPORTS.polars["arrived_at"]),
            shard_id=pl.lit(shard),
            sequence_number=pl.lit(number),
            sub_sequence_number=pl.lit(sub, dtype=pl.Int64),
        )
        for arrived, shard, number, sub in places
    ]
    return pl.concat(rows)


def evidence(held: pl.DataFrame) -> Evidence:
    """Study each deployment once, as a seal does."""
    return study(with_nonces(dedupe(held)[0]))


ORDERED: list[Place] = [
    (1, "shard-9", "999", 9),
    (2, "shard-1", "99", 0),
    (2, "shard-1", "99", 1),
    (2, "shard-1", "99", 10),
    (2, "shard-1", "100", 0),
    (2, "shard-2", "5", 0),
    (3, "shard-0", "1", 0),
]


@pytest.mark.parametrize("seed", range(10))
def test_the_first_is_the_earliest_then_the_lowest_shard_then_the_lowest_position(seed: int) -> None:
    places = random.Random(seed).sample(ORDERED, len(ORDERED))
    for count in range(len(ORDERED) - 1):
        left = [place for place in places if place in ORDERED[count:]]
        first, again = dedupe(reports(left))
        assert first.select(POSITION).rows() == [ORDERED[count][1:]]
        assert again.select(POSITION).rows() == [place[1:] for place in ORDERED[count + 1 :]]


def test_deployments_that_report_once_all_stay_as_they_are() -> None:
    held = settle(records([body(n) for n in range(9)]), Seen(), "s").accepted.sort("stack_id")
    first, again = dedupe(held)
    assert first.equals(held)
    assert again.is_empty()
    assert dedupe(held.clear())[0].is_empty()


def test_of_three_shards_one_report_stays_and_the_others_are_rejects() -> None:
    held = pl.concat([reports(ORDERED[3:6]), reports(ORDERED[:1], nonce(2))]).sort("stack_id")
    judgement = replace(JUDGEMENT, code="another")
    judged = settle_part(held, evidence(held), judgement)
    assert judged.accepted.schema == REPORTS.polars
    assert judged.rejected.schema == REJECTS.polars
    assert sorted(judged.accepted["stack_id"]) == sorted([nonce(1), nonce(2)])
    assert judged.rejudged == {"duplicate": 2}
    for row in judged.rejected.iter_rows(named=True):
        assert (row["reason"], row["rule"], row["partition_key"]) == ("duplicate", None, None)
        assert row["detail"].startswith("seal: ")
        assert row["code_version"] == judgement.id
        assert row["body_length"] == len(row["body"])
    nothing = settle_part(held.clear(), evidence(held.clear()))
    assert (nothing.accepted.schema, nothing.rejected.schema) == (REPORTS.polars, REJECTS.polars)


IDENTIFIER = st.from_regex(r"[0-9A-Za-z-]{1,9}", fullmatch=True)
NUMBER = st.integers(0, 99999).map(str)
PRE = st.one_of(NUMBER, st.from_regex(r"[0-9]{0,3}[A-Za-z-][0-9A-Za-z-]{0,6}", fullmatch=True))


@st.composite
def versions(draw: st.DrawFn) -> str:
    core = ".".join(draw(st.lists(NUMBER, min_size=3, max_size=3)))
    pre = draw(st.lists(PRE, max_size=2))
    build = draw(st.lists(IDENTIFIER, max_size=2))
    return core + ("-" + ".".join(pre) if pre else "") + ("+" + ".".join(build) if build else "")


@given(
    versions(),
    st.lists(st.one_of(st.integers(0, 10**10), st.integers(0, 10**5).map(float)), min_size=6, max_size=6),
    st.integers(0, 2**32),
    st.sampled_from(["upper", "lower"]),
    st.sampled_from([None, orjson.OPT_INDENT_2, orjson.OPT_SORT_KEYS]),
)
def test_a_body_that_is_made_again_gives_the_very_same_row(
    version: str, counters: list[float], seed: int, case: str, spelling: int | None
) -> None:
    stack_id = str(uuid.UUID(int=random.Random(seed).getrandbits(128), version=4))
    metrics = dict(zip(COUNTERS, counters, strict=True))
    document = {"version": version, "stack_id": getattr(stack_id, case)(), "metrics": metrics}
    first = settle(records([orjson.dumps(document, option=spelling)]), Seen(), SHARD.shard_id).accepted
    assert len(first) == 1
    (again,) = with_bodies(first)["body"]
    assert settle(records([again]), Seen(), SHARD.shard_id).accepted.equals(first)


def test_a_loser_can_be_settled_from_its_reject() -> None:
    held = reports(ORDERED)
    rejected = settle_part(held, evidence(held)).rejected
    assert len(rejected) == len(ORDERED) - 1
    for row in rejected.iter_rows(named=True):
        arrived = int((row["arrived_at"] - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
        again = Records(
            [row["body"]], [""], [row["sequence_number"]], [row["sub_sequence_number"]], [arrived]
        )
        settled = settle(again, Seen(), row["shard_id"]).accepted
        same = held.join(settled, on=held.columns, how="semi")
        assert len(same) == 1
