"""The page promises what the bucket's rules keep."""

from __future__ import annotations

from ingest_api.disclosure import PAGE
from schemas.retention import REJECTS_DAYS


def test_the_page_says_how_long_a_refused_report_is_kept() -> None:
    told = " ".join(PAGE.decode().split())
    assert f"What is refused is kept for {REJECTS_DAYS} days and then removed." in told
    assert "$" not in told
