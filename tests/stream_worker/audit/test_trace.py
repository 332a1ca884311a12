"""A receipt is traced to its row, its rejection, or to why there is neither."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stream_worker.audit.receipt import Receipt
from stream_worker.audit.trace import Tracer
from stream_worker.lake.expiry import run_expires, segments_expire
from stream_worker.stream.records import Records
from tests.support.worker.damage import segments_of
from tests.support.worker.ledger import OTHER, SEALED_AT, TODAY, TOMORROW, Ledger, and_tomorrow, filled
from tests.support.worker.samples import DAY, FIRST, FORGED, NOON, SHARD, body


@pytest.fixture
def ledger() -> Ledger:
    return and_tomorrow(filled())


def trace(ledger: Ledger, row: int, shard_id: str = SHARD.shard_id, **changes: object) -> dict[str, object]:
    """Return what is told of a record, with and without its day, less what `changes` are."""
    receipt = Receipt.parse(f"{shard_id}:{FIRST + row}")
    tracer = Tracer(ledger.publication, lambda: ledger.now)
    (found,) = tracer.trace(receipt)
    day = found.day or TODAY
    (again,) = tracer.trace(receipt, day)
    assert found.document() | {"day": str(day)} == again.document()
    told = found.document()
    assert told.pop("record_id") == str(receipt)
    return {name: value for name, value in told.items() if value is not None} | changes


@pytest.mark.parametrize("row", [0, 9, 10, 25, 40, 41])
def test_an_accepted_record_on_a_live_day(ledger: Ledger, row: int) -> None:
    told = trace(ledger, row)
    key = str(told.pop("key"))
    assert told == {"found": True, "day": DAY, "outcome": "accepted", "generation": "live"}
    assert key.startswith(f"reports/live/dt={DAY}/")


def test_records_of_the_next_day_and_of_another_shard(ledger: Ledger) -> None:
    assert trace(ledger, 42)["day"] == str(TOMORROW)
    assert trace(ledger, 1_003, OTHER.shard_id)["outcome"] == "accepted"


def test_rejected_records_say_why(ledger: Ledger) -> None:
    ledger.commit(
        Records([FORGED], ["k"], [str(FIRST + 9_000)], [0], [NOON + 9_000]),
        OTHER,
    )
    assert trace(ledger, 33, key="") == {
        "found": True,
        "day": DAY,
        "outcome": "rejected",
        "reason": "malformed",
        "detail": trace(ledger, 33)["detail"],
        "key": "",
        "generation": "live",
    }
    assert trace(ledger, 34)["reason"] == "duplicate"
    forged = trace(ledger, 9_000, OTHER.shard_id)
    assert (forged["reason"], forged["rule"]) == ("fraud", "nonce_repeats")


@pytest.mark.parametrize("expired", [False, True])
def test_a_sealed_day_is_traced_to_what_readers_see(ledger: Ledger, *, expired: bool) -> None:
    manifest = ledger.seal()
    if expired:
        ledger.lake.delete([*ledger.held("reports/live/"), *ledger.held("rejects/live/")])
    told = trace(ledger, 7)
    assert (told["outcome"], told["key"], told["generation"]) == (
        "accepted",
        manifest.reports[0].key,
        manifest.run,
    )
    assert trace(ledger, 33)["key"] == manifest.rejects[0].key
    late = trace(ledger, 1_000, OTHER.shard_id)  # accepted live, on another shard too
    assert (late["outcome"], late["reason"], late["key"]) == (
        "rejected",
        "duplicate",
        manifest.rejects[0].key,
    )


def test_what_is_after_the_chains_end_is_not_committed_yet(ledger: Ledger) -> None:
    assert trace(ledger, 52) == {"found": False, "outcome": "not committed yet"}
    assert trace(ledger, 5, "shardId-000000000007") == {"found": False, "outcome": "not committed yet"}


def test_what_is_before_the_end_and_in_no_segment_is_not_found(ledger: Ledger) -> None:
    key = next(key for key in ledger.held() if str(FIRST + 9) in key)
    ledger.lake.delete([key])
    assert trace(ledger, 12) == {"found": False, "outcome": "not found"}
    assert trace(ledger, 9)["outcome"] == "accepted"
    assert trace(ledger, 20)["outcome"] == "accepted"


def test_a_row_that_a_run_has_lost_is_not_found(ledger: Ledger) -> None:
    manifest = ledger.seal()
    ledger.truncate(manifest.reports[0].key)
    told = trace(ledger, 7)
    assert (told["found"], told["outcome"], told["generation"]) == (False, "not found", manifest.run)


def expire(ledger: Ledger, *prefixes: str) -> None:
    ledger.lake.delete([key for prefix in prefixes for key in ledger.held(prefix)])
    ledger.now = max(segments_expire(TODAY), run_expires(SEALED_AT))


def test_a_rejected_record_whose_row_has_expired_is_told_as_that(ledger: Ledger) -> None:
    expire(ledger, "rejects/live/")
    assert trace(ledger, 33) == {
        "found": False,
        "day": DAY,
        "outcome": "rejected, expired",
        "detail": "no accepted row has it; rejects are kept for 30 days",
        "generation": "live",
    }
    assert trace(ledger, 7)["outcome"] == "accepted"


@pytest.mark.parametrize("live", ["", "rejects/live/", "live segments too"])
@pytest.mark.parametrize("row", [33, 1_000])  # rejected at once, and as the day was sealed
def test_on_a_sealed_day_too(ledger: Ledger, live: str, row: int) -> None:
    manifest = ledger.seal()
    gone = ["reports/live/", "rejects/live/"] if "too" in live else [live] if live else []
    expire(ledger, "rejects/sealed/", *gone)
    told = trace(ledger, row, OTHER.shard_id if row == 1_000 else SHARD.shard_id)
    assert (told["found"], told["day"], told["outcome"], told["generation"]) == (
        False,
        DAY,
        "rejected, expired",
        manifest.run,
    )
    assert trace(ledger, 7)["outcome"] == "accepted"


@pytest.mark.parametrize("sealed", [False, True])
def test_a_rejects_row_that_is_gone_too_early_is_not_found(ledger: Ledger, *, sealed: bool) -> None:
    if sealed:
        ledger.seal()
    expire(ledger, "rejects/live/", "rejects/sealed/")
    ledger.now = (run_expires(SEALED_AT) if sealed else segments_expire(TODAY)) - timedelta(seconds=1)
    assert trace(ledger, 33)["outcome"] == "not found"


@pytest.mark.parametrize("sealed", [False, True])
def test_where_reports_are_damaged_nobody_can_say_what_has_expired(ledger: Ledger, *, sealed: bool) -> None:
    damaged = ledger.seal().reports[0].key if sealed else segments_of(ledger)[3]
    ledger.truncate(damaged)
    expire(ledger, "rejects/live/", "rejects/sealed/")
    assert trace(ledger, 33)["outcome"] == "not found"


def test_what_no_segment_has_rejected_has_not_expired(ledger: Ledger) -> None:
    ledger.rewrite(segments_of(ledger)[0], lambda rows: rows.head(5))
    expire(ledger, "rejects/live/")
    assert trace(ledger, 7)["outcome"] == "not found"


def test_all_members_of_an_aggregate_are_shown_though_it_is_cut(ledger: Ledger) -> None:
    number = str(FIRST + 5_000)
    bodies = [*map(body, range(200, 214)), b"{"]
    members = Records(bodies, ["k"] * 15, [number] * 15, list(range(15)), [NOON + 5_000] * 15)
    ledger.commit(members, OTHER)
    found = Tracer(ledger.publication, lambda: ledger.now).trace(Receipt.parse(f"{OTHER.shard_id}:{number}"))
    name = f"{OTHER.shard_id}:{number}"
    assert [one.record_id for one in found] == [name, *(f"{name}_{sub}" for sub in range(1, 15))]
    assert [one.outcome for one in found] == ["accepted"] * 14 + ["rejected"]
    assert len({one.key for one in found}) == 3


@pytest.mark.parametrize(
    "text",
    [
        "a-0:17",
        " a-0:17\n",
        "\t'a-0:17'",
        '"a-0:17"',
        '" a-0:17 "',
        '{"record_id":"a-0:17"}',
        '{ "record_id" : "a-0:17" }\r\n',
        '\'{"record_id": "a-0:17"}\'',
        '"record_id": "a-0:17",',
    ],
)
def test_a_receipt_may_be_given_as_it_was_copied(text: str) -> None:
    assert Receipt.parse(text) == Receipt("a-0", 17)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "shard",
        "shard:",
        "shard:x",
        ":1",
        "a:1 2",
        "a:\u0661",
        "'a:1",
        "a:1 a:2",
        '{"record_id": 1}',
        '{"record": "a:1"}',
        '{"record_id": "a:1", "more": 1}',
        "a:" + "1" * 57,
    ],
)
def test_what_is_not_a_receipt_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not <shard>:<sequence number>"):
        Receipt.parse(text)
