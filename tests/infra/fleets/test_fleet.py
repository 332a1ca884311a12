from collections import Counter

from infra.fleets import fleet
from schemas.report import NotAnObjectError, decode
from stream_worker.judging.pipeline import settle
from stream_worker.judging.seen import Seen
from tests.support.worker.samples import records


def test_the_same_seed_makes_the_same_day() -> None:
    assert fleet.day(500, seed=3) == fleet.day(500, seed=3) != fleet.day(500, seed=4)


def test_every_report_is_what_its_maker_says() -> None:
    sent = fleet.day(5_000, seed=1)
    on_the_stream = [one.body for one in sent if one.outcome != "refused"]
    found = settle(records(on_the_stream), Seen(), "shardId-000000000000").outcomes
    expected = fleet.expected(sent)
    assert found == {name: expected[name] for name in found}
    assert all(expected[name] for name in (*found, "refused"))


def test_what_the_edge_gets_and_refuses_is_no_json_object() -> None:
    sent = fleet.day(5_000, seed=2)
    verdicts = Counter(
        (one.outcome == "refused", _decodes(one.body)) for one in sent if one.route is fleet.Route.EDGE
    )
    assert set(verdicts) == {(True, False), (False, True)}


def _decodes(body: bytes) -> bool:
    try:
        decode(body)
    except NotAnObjectError:
        return False
    return True


def test_a_day_has_as_many_things_as_asked_for() -> None:
    assert [len(fleet.day(number, seed=1)) for number in (1, 2, 100)] == [1, 2, 100]
