"""Rows come back sorted, in parts that share no deployment, however many and however alike they are."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_worker.days import sorter
from stream_worker.days.sorter import Sorter
from tests.support.worker.samples import nonce

if TYPE_CHECKING:
    from pathlib import Path


def frame(stack_ids: list[str], first: int = 0) -> pl.DataFrame:
    return pl.DataFrame(
        {"stack_id": stack_ids, "n": range(first, first + len(stack_ids))},
        schema={"stack_id": pl.String, "n": pl.Int64},
    )


def sorted_parts(folder: Path, stack_ids: list[str], part_rows: int, batch: int = 7) -> list[pl.DataFrame]:
    taken = Sorter(folder, part_rows)
    for first in range(0, len(stack_ids), batch):
        taken.add(frame(stack_ids[first : first + batch], first))
    expected = taken.parts_expected
    parts = list(taken.parts())
    assert len(parts) <= expected
    check(parts, stack_ids)
    return parts


def check(parts: list[pl.DataFrame], stack_ids: list[str]) -> None:
    assert sorted(number for part in parts for number in part["n"]) == list(range(len(stack_ids)))
    assert [one for part in parts for one in part["stack_id"]] == sorted(stack_ids)
    assert all(one["stack_id"][-1] < other["stack_id"][0] for one, other in pairwise(parts))
    assert all(len(part) for part in parts)


def test_no_rows_have_no_parts(tmp_path: Path) -> None:
    assert sorted_parts(tmp_path, [], 10) == []


def test_what_fits_into_one_part_makes_no_file(tmp_path: Path) -> None:
    (part,) = sorted_parts(tmp_path, [nonce(number) for number in range(9)], 10)
    assert len(part) == 9
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("count", [10, 11, 99, 100, 101, 1000])
def test_more_rows_are_spread_over_parts(count: int, tmp_path: Path) -> None:
    parts = sorted_parts(tmp_path, [nonce(number) for number in range(count)], 10)
    assert len(parts) > count // 40


def test_nonces_that_share_their_first_digits_are_spread_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sorter, "_MARK_EVERY", 16)  # as a part of 2,000 is to one of 2,000,000
    alike = [f"01234567-89ab-4cde-8f01-{number:012x}" for number in range(20_000)]
    random.Random(0).shuffle(alike)
    parts = sorted_parts(tmp_path, alike, 2_000, batch=1_500)
    assert len(parts) == 10
    assert max(map(len, parts)) < 1.5 * 2_000


def test_equal_nonces_share_a_part(tmp_path: Path) -> None:
    sorted_parts(tmp_path, [nonce(number % 3) for number in range(500)], 10)
    (part,) = sorted_parts_of_one(tmp_path / "one")
    assert len(part) == 100


def sorted_parts_of_one(folder: Path) -> list[pl.DataFrame]:
    folder.mkdir()
    return sorted_parts(folder, [nonce(1)] * 100, 10)


@given(st.lists(st.integers(0, 30), max_size=120), st.integers(1, 20), st.integers(1, 9))
def test_any_rows_come_back_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], part_rows: int, batch: int
) -> None:
    folder = tmp_path_factory.mktemp("sorter")
    sorted_parts(folder, [nonce(number) for number in numbers], part_rows, batch)
