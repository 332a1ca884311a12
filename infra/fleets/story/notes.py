"""What to look for in a lake that was filled with the story: sentences with the story's own dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.fleets.story.releases import BAD, FIX
from infra.fleets.story.use import BAD_FEATURE, FAILING, FAILING_BADLY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import date

    from infra.fleets.story.attack import Wave
    from infra.fleets.story.releases import Release
    from infra.fleets.story.sent import StoryDay


def notes(
    days: Sequence[StoryDay],
    releases: Sequence[Release],
    waves: Mapping[int, Wave],
    silent: Collection[date],
) -> list[str]:
    """Return the notes, one a line."""
    out = {release.version: days[release.day].day for release in releases if 0 <= release.day < len(days)}
    return [*_fleet(days), *_releases(out), *_rejects(days, out, waves), *_silence(silent)]


def _fleet(days: Sequence[StoryDay]) -> Iterator[str]:
    first, last = (days[place].outcomes["accepted"] for place in (0, -1))
    reports = sum(day.outcomes["accepted"] for day in days)
    yield (
        f"The fleet: {first:,} deployments report on {days[0].day}, {last:,} on {days[-1].day}; "
        f"{reports:,} reports in all. Some leave for good, some pause for days and come back."
    )
    yield "Calls halve on Saturdays and Sundays. About one deployment in six is idle: all zeros."


def _releases(out: Mapping[str, date]) -> Iterator[str]:
    if out:
        yield "Releases: " + ", ".join(f"{version} on {day}" for version, day in out.items()) + "."
    if BAD in out and out[BAD] != out.get(FIX):
        until = f" until {FIX} replaces it from {out[FIX]} on" if FIX in out else ""
        yield (
            f"{BAD} is bad: {FAILING_BADLY:.0%} of its {BAD_FEATURE} calls fail from {out[BAD]}{until}; "
            f"{FAILING:.1%} is usual."
        )


def _rejects(days: Sequence[StoryDay], out: Mapping[str, date], waves: Mapping[int, Wave]) -> Iterator[str]:
    fixed = f", until {FIX} fixes it: fewer and fewer from {out[FIX]} on" if FIX in out else ""
    yield f"An old client sends collected_metrics for metrics: rejected as invalid at ${fixed}."
    if waves:
        floods = [
            f"{days[number].rejects['fraud', wave.rule]:,} on {days[number].day} ({wave.rule})"
            for number, wave in waves.items()
        ]
        yield f"A fraud attack, all of it rejected as the days are sealed: {', '.join(floods)}."
    yield "A few reports are resent, forged, malformed or have a mistyped version on most days."


def _silence(silent: Collection[date]) -> Iterator[str]:
    if silent:
        yield f"Nothing arrives on {', '.join(map(str, sorted(silent)))}."
