import pytest

from stream_worker.process.errors import DamagedError, SetupError
from stream_worker.process.limits import Limits
from stream_worker.stream.records import Position
from tests.stream_worker.shard_life.test_processor import BODIES, EXPECTED, LIMITS, check, deliver
from tests.support import truth
from tests.support.worker.samples import FIRST, MALFORMED, SHARD, body, records
from tests.support.worker.stage import Stage


def test_a_foreign_object_in_a_segments_place_is_named_and_nothing_is_read_past_it() -> None:
    stage = Stage()
    key = f"reports/live/dt=2026-11-22/{SHARD.epoch}.{SHARD.shard_id}.start.parquet"
    stage.objects[key] = (b"", {"made-by": "hand"})
    with pytest.raises(SetupError, match=f"{SHARD.shard_id}.start.parquet is not one of"):
        stage.processor(LIMITS)


def test_what_else_stands_beside_the_days_is_passed_over() -> None:
    stage = Stage()
    stage.objects["reports/live/_temporary/x"] = (b"", {})
    deliver(stage)
    del stage.objects["reports/live/_temporary/x"]
    assert check(stage).outcomes == EXPECTED


@pytest.mark.parametrize("again", [0, 1, 2])
def test_a_batch_that_comes_twice_to_one_owner_is_written_once(again: int) -> None:
    stage = Stage()
    processor = stage.processor(Limits(records=100, bytes=10**6, seconds=60))
    held = records([body(1), MALFORMED, body(2)])
    processor.receive(held)
    processor.receive(held[again:])
    processor.receive(records([body(3)], first=3))
    processor.finish()
    found = truth.read(stage)
    assert [number - FIRST for _, number in found.positions] == [0, 1, 2, 3]
    assert found.outcomes == {"accepted": 3, "malformed": 1}
    assert stage.checkpoint == Position(FIRST + 3)


def test_a_segment_that_was_changed_is_not_read_for_what_it_has_seen_but_named() -> None:
    stage = Stage()
    deliver(stage)
    key = next(key for key in stage.keys("reports/live/") if ".start." in key)
    stage.objects[key] = (b"PAR1", stage.objects[key][1])
    processor = stage.processor(LIMITS)
    processor.receive(records([body(6)], first=len(BODIES)))
    with pytest.raises(DamagedError, match=r"damaged: not the bytes .*start\.parquet"):
        processor.finish()
