import hashlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_worker.stream.aggregates import Dropped, take_apart
from stream_worker.stream.kpl import MAGIC
from stream_worker.stream.records import Position, Records
from tests.support.e2e.aggregates import ALL_HASH_KEYS, Hard, Member, aggregate, hard_bodies, keys_in
from tests.support.worker.samples import FIRST, NOON, body, records

OWN, OTHER = range(2**127), range(2**127, 2**128)
KEY, STRANGER = next(keys_in(OWN)), next(keys_in(OTHER))
HARD = hard_bodies(OWN, OTHER)

explicit_hash_keys = st.none() | st.integers(0, 2**128 - 1).map(str)
members = st.builds(
    Member, st.text(st.characters(exclude_categories=["Cs"])), st.binary(), explicit_hash_keys
)


def positions(found: Records) -> list[Position]:
    return [found.position(row) for row in range(len(found))]


@pytest.mark.parametrize("hard", HARD, ids=[hard.name for hard in HARD])
def test_it_becomes_what_the_kinesis_client_library_makes_of_it(hard: Hard) -> None:
    taken, dropped = take_apart(records([hard.body]), OWN)
    assert positions(taken) == [Position(FIRST, sub) for sub in range(hard.records)]
    left = Dropped(Position(FIRST, hard.records), hard.dropped, hard.reason) if hard.reason else None
    assert dropped == ([left] if left else [])


def test_an_aggregate_takes_nothing_with_it_but_its_own_members() -> None:
    taken, dropped = take_apart(records([hard.body for hard in HARD]), OWN)
    expected = [Position(FIRST + row, sub) for row, hard in enumerate(HARD) for sub in range(hard.records)]
    assert positions(taken) == expected == sorted(expected)
    assert [(left.members, left.reason) for left in dropped] == [
        (hard.dropped, hard.reason) for hard in HARD if hard.reason
    ]


def test_a_member_has_its_own_key_and_body_and_its_aggregates_number_and_arrival() -> None:
    held = aggregate(Member("a", b"1"), Member("b", b"2", "0"))
    taken, dropped = take_apart(records([b"{}", held, b"[]"]), ALL_HASH_KEYS)
    assert taken == Records(
        [b"{}", b"1", b"2", b"[]"],
        ["key-0", "a", "b", "key-2"],
        [str(FIRST), str(FIRST + 1), str(FIRST + 1), str(FIRST + 2)],
        [0, 0, 1, 0],
        [NOON, NOON + 1, NOON + 1, NOON + 2],
    )
    assert not dropped


@given(st.lists(st.lists(members, min_size=1)))
def test_what_a_producer_put_together_comes_apart_again(pages: list[list[Member]]) -> None:
    taken, dropped = take_apart(records([aggregate(*page) for page in pages]), ALL_HASH_KEYS)
    flat = list(itertools.chain.from_iterable(pages))
    assert taken.bodies == [member.body for member in flat]
    assert taken.partition_keys == [member.key for member in flat]
    assert positions(taken) == [
        Position(FIRST + row, sub) for row, page in enumerate(pages) for sub in range(len(page))
    ]
    assert not dropped


@given(st.lists(members, min_size=1), st.integers(0, 2**128 - 1), st.integers(1, 2**128))
def test_an_aggregate_is_kept_whole_or_not_at_all(held: list[Member], first: int, count: int) -> None:
    own = range(first, min(first + count, 2**128))
    taken, dropped = take_apart(records([aggregate(*held)]), own)
    if all(hash_key(member) in own for member in held):
        assert (len(taken), dropped) == (len(held), [])
    else:
        assert (len(taken), dropped) == (0, [Dropped(Position(FIRST), len(held), "foreign")])


def hash_key(member: Member) -> int:
    if member.explicit_hash_key is not None:
        return int(member.explicit_hash_key)
    return int.from_bytes(hashlib.md5(member.key.encode(), usedforsecurity=False).digest())


@given(st.binary())
def test_magic_and_junk_are_a_plain_record(junk: bytes) -> None:
    page = records([MAGIC + junk, body(1)])
    assert take_apart(page, OWN) == (page, [])


def test_a_page_without_magic_is_handed_back_as_it_is() -> None:
    page = records([body(1), b"", MAGIC[:3]])
    assert take_apart(page, OWN)[0] is page
