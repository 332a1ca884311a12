"""The order in which the page shows versions."""

from __future__ import annotations

from itertools import pairwise

import pytest

from infra.analytics.charts.version_order import newer

OLD_TO_NEW = ("0.9.10", "1.9.1", "1.10.0-rc.2", "1.10.0-rc.10", "1.10.0", "2.0.0-beta.1", "2.0.0")


def test_numbers_compare_as_numbers_and_a_pre_release_is_older_than_its_release() -> None:
    assert all(newer(one) < newer(other) for one, other in pairwise(OLD_TO_NEW))


@pytest.mark.parametrize("version", OLD_TO_NEW)
def test_build_metadata_makes_a_version_no_newer(version: str) -> None:
    assert newer(f"{version}+b7") == newer(version) == newer(f"{version}+b-8.1")
