"""The page promises what the bucket's rules keep."""

from __future__ import annotations

from ingest_api.disclosure import PAGE
from schemas.retention import REJECTS_DAYS


def test_the_page_says_how_long_a_refused_report_is_kept() -> None:
    told = " ".join(PAGE.decode().split())
    assert f"What is refused is kept for {REJECTS_DAYS} days and then removed." in told
    assert "$" not in told


def test_the_page_says_what_a_field_may_be() -> None:
    told = PAGE.decode()
    for said in (
        "a semantic version (semver.org) of at most 64 characters",
        "a UUID",
        "a whole number, 0 to 9,007,199,254,740,991",
    ):
        assert f">{said}<" in told
