"""Switches of readers from one generation of a day to another, as they are noted, and the way back."""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003 - pydantic reads them at run time
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import Sequence

ROLLBACK: Final = "rollback"
"""The reason of a switch back."""


class Switch(BaseModel):
    """A note that readers of a day were switched to another generation; `why` is the command's name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: date
    at: datetime
    why: str
    before: str | None
    after: str


def way_back(switches: Sequence[Switch], current: str | None) -> str | None:
    """Return what readers saw before they were switched to `current`; None if the notes do not say.

    A rollback takes back all switches since readers last saw its target, so one rollback after another leads
    further back. A switch by another command to what they had seen before is a new step, not a way back.
    """
    seen: list[str] = []
    for switch in switches:
        if switch.before is not None:
            _come_to(seen, switch.before)  # what was noted after that was interrupted, or undone by hand
        if switch.why == ROLLBACK:
            _come_to(seen, switch.after)
        else:
            seen.append(switch.after)
    if current not in seen:
        return None
    _come_to(seen, current)
    return seen[-2] if len(seen) > 1 else None


def _come_to(seen: list[str], one: str) -> None:
    """Drop what came after `one` was last seen; append it if it never was."""
    if one in seen:
        del seen[len(seen) - seen[::-1].index(one) :]
    else:
        seen.append(one)
