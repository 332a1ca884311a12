"""The README's table is what the module prints, and the model's figures are the README's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from infra.cost import measured, tables
from infra.cost.comparison import SIZES, compare, verdicts
from infra.cost.price import PUBLISHED, REGION
from infra.deployment import read

README: Final = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")


def test_the_readmes_table_is_the_modules() -> None:
    chosen = read({})
    made = tables.markdown([compare(size, chosen) for size in SIZES], verdicts(chosen))
    assert tables.in_text(README) == made, "renew it: python -m infra.cost --markdown"


def test_the_table_says_where_and_when_its_prices_were_published() -> None:
    assert f"list prices of {REGION} as published in {PUBLISHED}" in tables.in_text(README)
    assert re.fullmatch(r"20\d\d-[01]\d", PUBLISHED)


def test_a_text_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="0 times"):
        tables.in_text("no marks")


@pytest.mark.parametrize(
    "stated",
    [
        f"| edge, 64 connections, one core | {measured.EDGE_REPORTS_A_SECOND:,} reports/s |",
        f"{measured.JVM_MICROSECONDS} µs in the JVM, {measured.CHILD_MICROSECONDS} in the children",
        f"JVM 216 MB, then {measured.JVM_MIB}; child 107, then {measured.CHILD_MIB}",
        f"its heap may grow by {measured.HEAP_MIB_A_SHARD} MiB for each shard",
        f"| a sealed row | {measured.SEALED_ROW_BYTES} bytes |",
        " s, ".join(f"{seconds}" for seconds in measured.SEAL_SECONDS.values()) + " s |",
        ", ".join(f"{gb}" for gb in measured.SEAL_GB.values()) + " GB of memory at most",
    ],
)
def test_what_the_model_takes_for_measured_is_what_the_readme_says(stated: str) -> None:
    assert stated in README
