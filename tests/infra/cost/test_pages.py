"""The page's table is what the module prints, and the model's figures are those of the pages."""

from __future__ import annotations

import re

import pytest

from infra.cost import tables
from infra.cost.comparison import SIZES, compare, verdicts
from infra.cost.price import PUBLISHED, REGION
from infra.deployment import measured
from infra.deployment.choices import read
from tests.support.pages import INFRA, TESTS, Page


def test_the_pages_table_is_the_modules() -> None:
    chosen = read({})
    made = tables.markdown([compare(size, chosen) for size in SIZES], verdicts(chosen))
    assert tables.in_text(INFRA.text) == made, "renew it: python -m infra.cost --markdown"


def test_the_table_says_where_and_when_its_prices_were_published() -> None:
    assert f"list prices of {REGION} as published in {PUBLISHED}" in tables.in_text(INFRA.text)
    assert re.fullmatch(r"20\d\d-[01]\d", PUBLISHED)


def test_a_text_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="0 times"):
        tables.in_text("no marks")


@pytest.mark.parametrize(
    ("page", "stated"),
    [
        (TESTS, f"| edge, 64 connections, one core | {measured.EDGE_REPORTS_A_SECOND:,} reports/s |"),
        (TESTS, f"{measured.JVM_MICROSECONDS} µs in the JVM, {measured.CHILD_MICROSECONDS} in the children"),
        (TESTS, f"JVM 216 MB, then {measured.JVM_MIB}; child 107, then {measured.CHILD_MIB}"),
        (INFRA, f"its heap may grow by {measured.HEAP_MIB_A_SHARD} MiB for each shard"),
        (TESTS, f"| a sealed row | {measured.SEALED_ROW_BYTES} bytes |"),
        (TESTS, " s, ".join(f"{seconds}" for seconds in measured.SEAL_SECONDS.values()) + " s |"),
        (TESTS, ", ".join(f"{gb}" for gb in measured.SEAL_GB.values()) + " GB of memory at most"),
    ],
)
def test_what_the_model_takes_for_measured_is_what_a_page_says(page: Page, stated: str) -> None:
    assert stated in page.text
