from collections.abc import Mapping

import polars as pl
import pytest

from infra.fleets import labelled
from schemas import releases
from stream_worker.judging.day_rules.versions import MadeUp, made_up
from stream_worker.judging.thresholds import THRESHOLDS
from tests.support.worker.made_days import alike, busy

RELEASED = frozenset({"4.0.0", "5.1.3", "5.2.0"})

BROAD = THRESHOLDS.release_payloads_least
MINORS = THRESHOLDS.release_minors_ahead
OLD_MINORS = THRESHOLDS.release_minors_most
PATCHES = THRESHOLDS.release_patches_ahead
UNKNOWN = THRESHOLDS.releases_unknown_most


def day(versions: Mapping[str, int]) -> pl.DataFrame:
    """Return a day on which so many deployments run each version, each with a payload of its own."""
    run = [version for version, rows in versions.items() for _ in range(rows)]
    return busy(len(run), version=run)


def found_in(versions: dict[str, int]) -> MadeUp:
    return made_up(day({"5.1.3": 300, "5.2.0": 300} | versions), RELEASED, THRESHOLDS)


def refused(found: MadeUp, version: str) -> bool:
    return bool(found.broken(alike(1, (0,) * 6, version)).item())


@pytest.mark.parametrize(
    ("possible", "made"),
    [
        (f"5.2.{PATCHES}", f"5.2.{PATCHES + 1}"),
        (f"5.1.{3 + PATCHES}", f"5.1.{4 + PATCHES}"),
        (f"5.{2 + MINORS}.0", f"5.{3 + MINORS}.0"),
        (f"5.{2 + MINORS}.{PATCHES}", f"5.{2 + MINORS}.{PATCHES + 1}"),
        (f"5.0.{PATCHES}", f"5.0.{PATCHES + 1}"),
        ("6.0.0", "7.0.0"),
        (f"6.{MINORS}.{PATCHES}", f"6.{MINORS + 1}.0"),
        (f"6.0.{PATCHES}", f"6.0.{PATCHES + 1}"),
        (f"3.{OLD_MINORS}.0", f"3.{OLD_MINORS + 1}.0"),
        (f"3.0.{PATCHES}", f"3.0.{PATCHES + 1}"),
        ("2.0.0", "1.9.9"),
        ("6.0.0-beta.2", "7.0.0-beta.2"),
        ("5.2.1+build.7", "9.0.0+build.7"),
    ],
)
def test_what_may_follow_or_precede_a_release_is_possible_and_no_more(possible: str, made: str) -> None:
    found = found_in({possible: 1, made: 1})
    assert len(found) == 1
    assert (refused(found, possible), refused(found, made)) == (False, True)
    assert not found.broken(day({"5.1.3": 9, "5.2.0": 9})).any()


def test_the_list_is_read_without_pre_release_and_build() -> None:
    found = made_up(day({"6.0.0": 9, "5.9.0-rc.1": 1}), frozenset({"6.0.0-rc.1"}), THRESHOLDS)
    assert len(found) == 0


@pytest.mark.parametrize(("users", "made"), [(BROAD, 0), (BROAD - 1, 1)])
def test_ten_payloads_make_a_version_one_that_is_run(users: int, made: int) -> None:
    version = f"5.{3 + MINORS}.0"
    assert len(found_in({version: users})) == made


def test_copies_of_few_payloads_do_not_make_a_version_broad() -> None:
    version = "5.50.0"
    users = day({version: BROAD - 1})
    fleet = day({"5.1.3": 300, "5.2.0": 300})
    found = made_up(pl.concat([fleet, *[users] * 5]), RELEASED, THRESHOLDS)
    assert (len(found), refused(found, version)) == (1, True)


def test_what_is_near_a_broad_version_is_possible() -> None:
    found = found_in({"7.3.0": BROAD, f"7.{3 + MINORS}.0": 1, f"7.{4 + MINORS}.0": 1})
    assert len(found) == 1
    assert refused(found, f"7.{4 + MINORS}.0")


def test_a_major_out_of_reach_is_believed_only_if_a_fifth_of_the_day_runs_it() -> None:
    share = THRESHOLDS.release_chain_least
    fewest = round(600 * share / (1 - share))
    # One more and one less: a division may round the fifth itself up or down.
    assert len(found_in({"99.9.9": fewest + 1})) == 0
    found = found_in({"99.9.9": fewest - 1})
    assert (len(found), refused(found, "99.9.9")) == (1, True)


def test_a_broad_major_two_ahead_is_in_reach_and_three_ahead_is_not() -> None:
    assert len(found_in({"7.0.0": BROAD})) == 0
    assert len(found_in({"8.0.0": BROAD})) == 1
    assert len(found_in({"7.0.0": BROAD, "9.0.0": BROAD})) == 0


def test_a_listed_major_is_believed_however_far_it_is_and_however_few_run_it() -> None:
    released = RELEASED | {"2026.1.0"}
    found = made_up(day({"5.2.0": 300, "2026.1.0": 1, "2026.1.1": 1}), released, THRESHOLDS)
    assert len(found) == 0


def test_where_half_the_day_runs_unknown_versions_nothing_is_known() -> None:
    # Each of the strange versions has too few users to be broadly run.
    strange = {f"{major}.0.0": BROAD - 1 for major in range(50, 90, 4)}
    unknown = sum(strange.values())
    fewest = round(unknown * THRESHOLDS.releases_known_least / (1 - THRESHOLDS.releases_known_least))
    known = made_up(day({"5.2.0": fewest} | strange), RELEASED, THRESHOLDS)
    assert (len(known), refused(known, "50.0.0")) == (len(strange), True)
    nothing = made_up(day({"5.2.0": fewest - 1} | strange), RELEASED, THRESHOLDS)
    assert (len(nothing), refused(nothing, "50.0.0")) == (0, False)


def test_a_fleet_has_a_hundred_old_versions_and_a_forger_draws_more() -> None:
    old = {f"4.{minor}.{patch}": 1 for minor in range(1, OLD_MINORS) for patch in range(1, 4)}
    some = dict(list(old.items())[:UNKNOWN])
    assert len(found_in(some)) == 0
    more = dict(list(old.items())[: UNKNOWN + 1])
    found = found_in(more)
    assert len(found) == UNKNOWN + 1
    assert found.broken(day(more)).all()
    assert not found.broken(day({"5.1.3": 9, "5.2.0": 9})).any()


def found_on_a_fleet(versions: Mapping[str, float]) -> MadeUp:
    fleet = labelled.Fleet(20_000, 90_003, versions=versions)
    return made_up(labelled.reports(fleet), frozenset(releases.RELEASED), THRESHOLDS)


@pytest.mark.parametrize("version", ["2.0.1", "2.1.0", "3.0.0-rc.1", "3.0.0"])
@pytest.mark.parametrize("share", [0.02, 40.0])
def test_a_release_that_the_list_lacks_is_no_fraud(version: str, share: float) -> None:
    assert len(found_on_a_fleet(labelled.RELEASES | {version: share})) == 0


@pytest.mark.parametrize("share", [0.0002, 5.0])
def test_a_product_with_other_releases_than_the_lists_is_no_fraud(share: float) -> None:
    versions = {"6.1.0": 3.0, "6.4.2": share, "7.0.0": 40.0, "7.0.1": share, "7.2.0": 50.0}
    assert len(found_on_a_fleet(versions)) == 0


def test_a_day_without_reports_shows_nothing() -> None:
    found = made_up(alike(0, (0,) * 6), RELEASED, THRESHOLDS)
    assert (len(found), refused(found, "99.9.9")) == (0, False)
