"""What is published of groups, held against a reader who knows the rule and every published number."""

from __future__ import annotations

from collections import defaultdict
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.analytics.public.groups import LEAST, STEP, Published, disjoint, part, published

OTHER_SIZES = 3
GROUPS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 60), min_size=1)


@given(GROUPS)
def test_no_group_that_is_told_is_small_and_what_is_left_is_no_single_group(groups: dict[str, int]) -> None:
    found = disjoint(groups)
    assert all(groups[name] >= LEAST for name in found.named)
    assert found.named == {name: published(groups[name]) for name in found.named}
    hidden = [count for name, count in groups.items() if name not in found.named and count]
    assert bool(hidden) is any(0 < count < LEAST for count in groups.values())
    if len(hidden) >= 2 and sum(hidden) >= LEAST:
        assert found.others == published(sum(hidden))
    else:
        assert found.others == 0
        assert not found.named or not hidden


@pytest.mark.parametrize(
    ("groups", "named", "others"),
    [
        ({"a": 1200, "b": 300, "c": 52}, {"a": 1200, "b": 300, "c": 50}, 0),
        ({"a": 1200, "b": 300, "c": 52, "d": 3}, {"a": 1200, "b": 300}, 55),
        ({"a": 1200, "b": 300, "d": 3, "e": 3}, {"a": 1200, "b": 300}, 5),
        ({"a": 1200, "b": 300, "d": 3, "e": 1}, {"a": 1200}, 305),
        ({"a": 1200, "d": 3}, {}, 1205),
        ({"d": 3}, {}, 0),
    ],
)
def test_no_more_is_hidden_than_must_be(groups: dict[str, int], named: dict[str, int], others: int) -> None:
    assert disjoint(groups) == Published(named, others)


@pytest.mark.parametrize(
    "ranges",
    [
        [range(24)] * 3,
        [range(17)] * 4,
        [range(6), range(34, 80), range(34, 80)],
        [range(6), range(6), range(34, 62), range(34, 62)],
    ],
)
def test_every_small_version_may_have_other_sizes_for_all_that_is_told_of_versions(
    ranges: list[range],
) -> None:
    """Take all fleets of some versions, and of those that look the same from outside, each small group."""
    alike = defaultdict[object, list[tuple[int, ...]]](list)
    for sizes in product(*ranges):
        found = disjoint(dict(zip("abcde", sizes, strict=False)))
        alike[tuple(found.named.items()), found.others].append(sizes)
    for fleets in alike.values():
        if any(
            _near_an_end(size, sizes) for fleet in fleets for size, sizes in zip(fleet, ranges, strict=True)
        ):
            continue  # what lies beyond the ranges may look the same
        for place in range(len(ranges)):
            possible = {fleet[place] for fleet in fleets}
            if any(0 < size < LEAST for size in possible):
                assert len(possible) >= OTHER_SIZES, fleets


def _near_an_end(size: int, sizes: range) -> bool:
    return (size > sizes[-1] - STEP > LEAST) or (size < sizes[0] + STEP and sizes[0] > 0)


def test_every_small_side_of_a_feature_may_have_any_size() -> None:
    for whole in range(LEAST, 60):
        hidden = {used for used in range(whole + 1) if part(used, whole) is None}
        assert hidden == {used for used in range(whole + 1) if min(used, whole - used) < LEAST}


def test_one_that_came_cannot_be_told_from_none() -> None:
    """Two weeks that differ by up to four deployments: each published difference may be any of several."""
    alike = defaultdict[object, set[int]](set)
    for before, change in product(range(20, 200), range(-4, 5)):
        first, second = published(before), published(before + change)
        assert first is not None
        assert second is not None
        assert abs((second - first) - change) <= STEP - 1
        if 25 < first < 190:
            alike[first, second].add(change)
    assert all(len(changes) >= LEAST - 1 for changes in alike.values())


def test_somebody_who_knows_all_but_one_can_see_it_come() -> None:
    """What is not claimed: with 52 known, a step from 50 to 55 is the 53rd."""
    assert (published(52), published(53)) == (50, 55)
