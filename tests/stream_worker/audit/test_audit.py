"""A lake in which nothing is wrong, and what an audit says of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import orjson
import pytest

from stream_worker.lake.gap import Gap, write
from stream_worker.lake.keys import LIVE
from stream_worker.process.problem import Kind
from stream_worker.stream.records import Position
from tests.support.worker.ledger import OTHER, SEALED_AT, TODAY, TOMORROW, Ledger, and_tomorrow, filled
from tests.support.worker.samples import DAY, FIRST, SHARD, body, records


@pytest.fixture
def ledger() -> Ledger:
    return filled()


def test_a_live_day_is_told_by_outcome_and_shard(ledger: Ledger) -> None:
    told = ledger.audit().document()
    assert told == {
        "day": DAY,
        "ok": True,
        "generation": "live",
        "records": 62,
        "accepted": 55,
        "malformed": 2,
        "invalid": 0,
        "fraud": 0,
        "duplicate": 5,
        "shards": [
            {"shard_id": SHARD.shard_id, "records": 42, "first": str(FIRST), "last": str(FIRST + 41)},
            {
                "shard_id": OTHER.shard_id,
                "records": 20,
                "first": str(FIRST + 1_000),
                "last": str(FIRST + 1_019),
            },
        ],
        "problems": [],
    }
    assert orjson.loads(orjson.dumps(told)) == told


def test_a_sealed_day_is_told_as_readers_see_it(ledger: Ledger) -> None:
    live = ledger.audit().document()
    manifest = ledger.seal()
    told = ledger.audit().document()
    assert told == live | {"generation": manifest.run, "accepted": 54, "duplicate": 6}
    assert not ledger.audit().notes


def test_a_day_that_was_rolled_back_is_live_again(ledger: Ledger) -> None:
    live = ledger.audit()
    ledger.seal()
    ledger.publication.roll_back(TODAY, SEALED_AT)
    assert ledger.audit() == live


def test_a_day_that_goes_on_over_midnight_is_whole_on_both_sides(ledger: Ledger) -> None:
    and_tomorrow(ledger)
    assert ledger.audit().ok
    assert ledger.audit(TOMORROW).ok
    ledger.seal()
    assert ledger.audit().ok
    assert ledger.audit(TOMORROW).ok


def test_a_day_without_records_is_empty(ledger: Ledger) -> None:
    found = ledger.audit(date(2026, 1, 1))
    assert (found.ok, found.records, found.shards, found.notes) == (True, 0, (), ())


def test_a_sealed_day_without_records_is_empty() -> None:
    ledger = Ledger()
    manifest = ledger.seal()
    found = ledger.audit()
    assert (found.ok, found.generation, found.records, found.shards) == (True, manifest.run, 0, ())


def test_a_sealed_day_whose_segments_are_all_gone_is_damaged_as_nothing_removes_them(ledger: Ledger) -> None:
    ledger.seal()
    before = ledger.audit()
    ledger.lake.delete([*ledger.held(), *ledger.held("rejects/live/")])
    found = ledger.audit()
    told = found.document()
    assert told | {"ok": True, "problems": []} == before.document()
    missing = [problem for problem in found.problems if problem.what.startswith("missing: all segments")]
    assert {(problem.shard_id, problem.position) for problem in missing} == {
        (SHARD.shard_id, "start"),
        (OTHER.shard_id, "start"),
    }
    assert found.notes == ()


@pytest.mark.parametrize("sealed", [False, True])
def test_the_day_after_a_day_that_is_gone_begins_with_a_gap(*, sealed: bool) -> None:
    ledger = and_tomorrow(filled())
    if sealed:
        ledger.seal(day=TOMORROW)
    ledger.lake.delete(ledger.held())
    (gap,) = ledger.audit(TOMORROW).problems
    assert (gap.what[:3], gap.position) == ("gap", str(FIRST + 41))


def test_a_gap_that_was_there_as_the_day_was_sealed_stays_one(ledger: Ledger) -> None:
    and_tomorrow(ledger)
    ledger.lake.delete(ledger.held())
    ledger.seal(day=TOMORROW)
    assert [problem.position for problem in ledger.audit(TOMORROW).problems] == [str(FIRST + 41)]
    ledger.lake.delete(ledger.held("reports/live/"))
    gap, missing = ledger.audit(TOMORROW).problems
    assert missing.what.startswith("missing: all segments")
    assert "sealed with a gap" in gap.what


def lose(ledger: Ledger, last: int) -> None:
    """Let the stream forget what came after a record of the day, until the day after."""
    noon = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)
    since, until = (round(at.timestamp() * 1000) for at in (noon, noon + timedelta(days=1)))
    write(ledger.lake, LIVE, Gap(SHARD.epoch, SHARD.shard_id, Position(FIRST + last), since, until))


def test_what_the_stream_forgot_before_a_day_was_sealed_is_a_problem_of_it(ledger: Ledger) -> None:
    lose(ledger, 41)
    for _ in range(2):
        (gap,) = ledger.audit().problems
        assert (gap.kind, gap.shard_id, gap.position) == (Kind.FORGOTTEN, SHARD.shard_id, str(FIRST + 41))
        ledger.seal()


def test_what_it_forgot_after_the_day_was_sealed_whole_is_none(ledger: Ledger) -> None:
    ledger.seal()
    lose(ledger, 41)
    assert ledger.audit().ok
    (gap,) = ledger.audit(TOMORROW).problems
    assert gap.kind is Kind.FORGOTTEN


def test_what_a_lost_race_has_left_is_no_problem(ledger: Ledger) -> None:
    key = ledger.held("rejects/live/")[0]
    ledger.put(key.replace(key.split(".")[-2], "0123456789abcdef"), ledger.lake.get(key))
    found = ledger.audit()
    assert found.ok
    assert found.notes == ("1 rejects objects are left of lost commit races; they are ignored",)


def test_a_replayed_day_is_compared_with_its_own_chain(ledger: Ledger) -> None:
    for key in list(ledger.lake.objects):
        ledger.copy(key, key.replace("/live/", "/replay/run=abc/"))
    ledger.lake.delete([ledger.held()[1]])
    assert not ledger.audit().ok
    manifest = ledger.seal("replay/run=abc")
    found = ledger.audit()
    assert (found.ok, found.generation, found.records) == (True, manifest.run, 62)
    assert [note for note in found.notes if note.startswith("repaired by the replay that readers see: gap")]
    ledger.lake.delete([*ledger.held("reports/replay/"), *ledger.held("rejects/replay/")])
    assert ledger.audit().ok


def test_the_same_deployment_on_two_shards_is_for_the_seal(ledger: Ledger) -> None:
    assert ledger.audit().ok
    ledger.commit(records([body(3), body(3)], first=2_000), OTHER)
    assert ledger.audit().ok
