"""Makes the story: which deployments report on each day, and what else arrives."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from infra.fleets.story import strays
from infra.fleets.story.attack import flood, waves
from infra.fleets.story.notes import notes
from infra.fleets.story.population import Population
from infra.fleets.story.releases import MENDED, releases
from infra.fleets.story.sent import Sent, StoryDay, report
from infra.fleets.story.story import Story, reports
from infra.fleets.story.use import counters

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from infra.fleets.story.deployment import Deployment
    from infra.fleets.story.releases import Release

_RESENT: Final = 0.02
_MALFORMED_MOST: Final = 6
_SINGLE_MOST: Final = 3
_HOUR: Final = 3600
ANOTHER_PRODUCER: Final = "another-producer"
"""The partition key of what no deployment has sent."""


def make_story(  # noqa: PLR0913 - what can be chosen of a story
    days: int,
    seed: int,
    last_day: date,
    *,
    start: int = 430,
    end: int = 1300,
    forgeries: int = 2000,
    silent: Collection[date] = (),
) -> Story:
    """Return a story of `days` days until `last_day`, whose fleet grows from `start` deployments to `end`.

    The same arguments give the same story. `forgeries` is the size of its attack. On a `silent` day nothing
    arrives, and what was sent is lost.
    """
    out = releases(days)
    fleet = Population(random.Random(f"{seed} fleet"), out, days, start, end)  # noqa: S311 - repeatable on purpose
    made: list[StoryDay] = []
    for number in range(days + 1):
        day = last_day - timedelta(days=days - 1 - number)
        rng = random.Random(f"{seed} day {number}")  # noqa: S311 - the same
        sent = list(_Day(day, number, out, rng).sent(fleet.reporting(number)))
        wave = waves(days).get(number)
        if wave is not None:
            arrived_at = pl.lit(datetime(day.year, day.month, day.day, tzinfo=UTC))
            sent += flood(wave, reports(sent).with_columns(arrived_at=arrived_at), forgeries, seed + number)
        made.append(StoryDay(day, [] if day in silent else sorted(sent, key=lambda one: one.arrives)))
    *story, next_day = made
    return Story(story, notes(story, out, waves(days), silent), next_day)


@dataclass(frozen=True, slots=True)
class _Day:
    day: date
    number: int
    releases: Sequence[Release]
    rng: random.Random

    def sent(self, reporting: list[Deployment]) -> Iterator[Sent]:
        """Give what deployments send, and the strays: nothing of the attack."""
        genuine: dict[str, int] = {}
        for one in reporting:
            version = self.releases[one.release(self.number)].version
            genuine = counters(self.rng, one, version, self.day)
            if one.broken and version not in MENDED:
                body = strays.broken(one.stack_id, version, genuine)
                yield Sent(self._moment(one.hour), one.stack_id, body, "invalid", strays.BROKEN_RULE)
            else:
                yield from self._report(one, version, genuine)
        for _ in range(self.rng.randrange(_MALFORMED_MOST)):
            body = strays.malformed(self.rng)
            yield Sent(self._moment(), ANOTHER_PRODUCER, body, "malformed")
        for _ in range(self.rng.randrange(_SINGLE_MOST)):
            stack_id, body, outcome, rule = strays.single(self.rng, genuine)
            yield Sent(self._moment(), stack_id, body, outcome, rule)

    def _report(self, one: Deployment, version: str, metrics: dict[str, int]) -> Iterator[Sent]:
        body, arrives = report(one.stack_id, version, metrics), self._moment(one.hour)
        yield Sent(arrives, one.stack_id, body)
        if self.rng.random() < _RESENT:  # the answer was lost: it comes again within the hour
            left = _HOUR - 1 - arrives.minute * 60 - arrives.second
            again = arrives + timedelta(seconds=self.rng.uniform(0, left))
            yield Sent(again, one.stack_id, body, "duplicate")

    def _moment(self, hour: int | None = None) -> datetime:
        """Return a moment of the day, in this hour if there is one."""
        hour = self.rng.randrange(24) if hour is None else hour
        midnight = datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC)
        return midnight + timedelta(hours=hour, seconds=self.rng.randrange(_HOUR - 1))
