from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from stream_worker.lake import buckets as module
from stream_worker.lake.buckets import Buckets

if TYPE_CHECKING:
    from pathlib import Path

ROWS = pl.DataFrame({"a": [f"x{number}" for number in range(500)], "b": range(500)})


def spread(folder: Path, number: int, batch: int, rows: pl.DataFrame = ROWS) -> list[pl.DataFrame | None]:
    buckets = Buckets(folder / f"{number}-{batch}", ("a", "b"), number)
    for first in range(0, len(rows), batch):
        buckets.add(rows[first : first + batch])
    return [buckets.bucket(place) for place in range(number)]


@pytest.mark.parametrize("number", [1, 2, 7])
@pytest.mark.parametrize("held", [1, 100, 10**6])
def test_every_row_is_in_one_bucket_which_its_key_decides_alone(
    number: int, held: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_HELD_ROWS", held)
    one = spread(tmp_path, number, 83)
    other = spread(tmp_path, number, 9, ROWS.reverse())
    found = [bucket for bucket in one if bucket is not None]
    assert len(found) == number
    assert pl.concat(found).sort("b").equals(ROWS)
    for here, there in zip(one, other, strict=True):
        assert here is not None
        assert there is not None
        assert here.sort("b").equals(there.sort("b"))


@pytest.mark.parametrize("number", [1, 3])
def test_a_bucket_without_rows_is_none(number: int, tmp_path: Path) -> None:
    assert spread(tmp_path, number, 1, ROWS.clear()) == [None] * number
