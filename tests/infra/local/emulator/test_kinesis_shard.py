"""The log of one shard, by value."""

import base64
import itertools
import time
from unittest import mock

import pytest

from infra.local.emulator.kinesis.shard import PAGE_BYTES, LoggedShard

BORN = 1_763_900_000


def shard_of(count: int, size: int = 3) -> LoggedShard:
    shard = LoggedShard(7, 0, 2**128 - 1, born=BORN)
    for index in range(count):
        shard.put_record("k", base64.b64encode(b"%0*d" % (size, index)).decode(), "")
    return shard


def test_numbers_have_56_digits_rise_and_have_gaps() -> None:
    shard = shard_of(3)
    numbers = [record.sequence_number for record in shard.page(0, 10, time.time()).records]
    assert [len(str(number)) for number in numbers] == [56, 56, 56]
    assert all(later > earlier + 1 for earlier, later in itertools.pairwise(numbers))
    assert numbers[0].bit_length() == 186
    assert numbers[0] & 0xF == 2
    assert numbers[0] >> 4 & 0xFFFFFFFF == 7


@pytest.mark.parametrize("count", [0, 1, 500])
def test_a_place_is_found_without_looking_at_records(count: int) -> None:
    shard = shard_of(500)
    assert shard.count(shard.number(count)) == count
    assert shard.count(shard.number(count) - 1) == max(count - 1, 0)
    assert shard.count(shard.number(count) + 1) == count


def test_a_number_before_the_shard_reads_from_its_start_and_one_after_from_its_tip() -> None:
    shard = shard_of(5)
    assert shard.count(0) == 0
    assert shard.count(10**57) == 5


def test_a_page_ends_at_its_limit_and_says_how_far_behind_it_is() -> None:
    shard = shard_of(5)
    first = shard.page(shard.number(0), 2, now=time.time() + 10)
    rest = shard.page(first.last, 3, now=time.time() + 10)
    assert (len(first.records), first.at_tip) == (2, False)
    assert 9_000 < first.behind < 11_000
    assert (len(rest.records), rest.at_tip, rest.behind) == (3, True, 0)


def test_a_page_short_of_the_tip_is_never_zero_behind() -> None:
    shard = shard_of(2)
    assert shard.page(0, 1, now=0.0).behind == 1


def test_a_page_holds_ten_mebibytes_and_at_least_one_record() -> None:
    size = 1024 * 1024
    shard = shard_of(12, size)
    page = shard.page(0, 100, time.time())
    assert len(page.records) == PAGE_BYTES // size
    assert len(shard_of(1, 11 * size).page(0, 100, time.time()).records) == 1


def test_arrival_never_goes_back_with_the_clock_and_has_milliseconds() -> None:
    with mock.patch("infra.local.emulator.clock.time.time", side_effect=[5.0019, 4.0, 6.0]):
        shard = shard_of(3)
    assert [record.created_at for record in shard.page(0, 3, 9.0).records] == [5.001, 5.001, 6.0]


@pytest.mark.parametrize(
    ("timestamp", "first"), [(0.0, 0), (5.0, 0), (5.5, 1), (7.0, 1), (7.1, 4), (9.0, 4), (9.1, 5)]
)
def test_a_time_is_found_where_arrivals_are_not_in_order(timestamp: float, first: int) -> None:
    clock = mock.Mock()
    clock.arrival.side_effect = [5.0, 7.0, 6.0, 7.0, 9.0]
    shard = LoggedShard(7, 0, 2**128 - 1, clock=clock)
    for _ in range(5):
        shard.put_record("k", "", "")
    assert shard.count(shard.get_sequence_number_at(timestamp)) == first
