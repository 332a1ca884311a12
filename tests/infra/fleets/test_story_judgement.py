"""The worker's rules on the story: no honest report is rejected, and nothing of the attack is accepted."""

from __future__ import annotations

from datetime import date

import pytest

from infra.fleets.story.attack import waves
from infra.fleets.story.making import make_story
from tests.support.local.story_judgement import rejects, truth

LAST = date(2026, 11, 22)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_story_has_the_outcomes_that_it_says(seed: int) -> None:
    days = make_story(60, seed, LAST).days
    for number in sorted({*range(0, 60, 9), *waves(60)}):
        assert rejects(days[number]) == truth(days[number])


@pytest.mark.parametrize("seed", range(10, 20))
@pytest.mark.parametrize("fleet", [(40, 60), (5, 5), (100, 2000)])
def test_a_short_story_of_another_fleet_has_the_outcomes_that_it_says(
    seed: int, fleet: tuple[int, int]
) -> None:
    start, end = fleet
    for day in make_story(4, seed, LAST, start=start, end=end, forgeries=60).days:
        assert rejects(day) == truth(day)
