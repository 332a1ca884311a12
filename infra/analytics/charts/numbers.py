"""Numbers, days and times as the page writes them: in English, whatever the machine's locale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date, datetime

NONE: Final = "\N{EN DASH}"
_PERCENT: Final = "\N{NO-BREAK SPACE}%"
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def whole(number: int | None) -> str:
    """Return a whole number of any size with all of its digits: `1,204`."""
    return NONE if number is None else f"{number:,}"


def count(number: int, noun: str) -> str:
    """Return how many there are: `1 day`, `1,204 days`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def percent(share: float | None) -> str:
    """Return a share (0 to 1) as percent, with more places where it is small: `12.3 %`, `0.0042 %`."""
    if share is None:
        return NONE
    value = 100 * share
    if value == 0 or abs(value) >= 1:
        return f"{value:.1f}{_PERCENT}"
    places = 2
    while places < 12 and not float(f"{value:.{places - 1}f}"):  # noqa: PLR2004 - beyond that, it is nothing
        places += 1
    return f"{value:.{places}f}{_PERCENT}"


def day(value: date) -> str:
    """Return a day as prose has it: `22 Nov 2026`."""
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def moment(value: datetime | None) -> str:
    """Return a time of UTC (`datetime` without zone) to the second: `2026-11-22 13:54:01`."""
    return NONE if value is None else f"{value:%Y-%m-%d %H:%M:%S}"


def listed(words: list[str]) -> str:
    """Return words as a sentence lists them: `a, b and c`; more than five are counted instead of named."""
    shown = words if len(words) <= 5 else [*words[:4], f"{len(words) - 4} more"]  # noqa: PLR2004 - said above
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
