"""The story: all that is sent, and what a lake that was filled with it must hold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import orjson
import polars as pl

from infra.fleets.story.sent import ACCEPTED
from schemas.report import COUNTERS
from schemas.tables import COUNTER_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.fleets.story.sent import Sent, StoryDay

_ACCEPTED: Final = pl.Schema(
    {
        "dt": pl.Date(),
        "stack_id": pl.String(),
        "version": pl.String(),
        **dict.fromkeys(COUNTER_COLUMNS, pl.Int64()),
    }
)
_REJECTED: Final = pl.Schema({"dt": pl.Date(), "reason": pl.String(), "rule": pl.String()})


@dataclass(frozen=True)
class Story:
    """A story from its first day to its last, silent ones included, with `notes` on what to look for.

    `next_day` is the day after the last: the same fleet goes on. It is not part of the story.
    """

    days: list[StoryDay]
    notes: list[str]
    next_day: StoryDay

    @cached_property
    def accepted(self) -> pl.DataFrame:
        """The reports that count: `dt`, `stack_id`, `version` and the six counters, a row each."""
        frames = [reports(one.sent).select(pl.lit(one.day).alias("dt"), pl.all()) for one in self.days]
        return pl.concat([_ACCEPTED.to_frame(), *frames])

    @cached_property
    def rejected(self) -> pl.DataFrame:
        """The records that do not: `dt`, `reason` and `rule`, a row each."""
        rows = [
            (one.day, sent.outcome, sent.rule)
            for one in self.days
            for sent in one.sent
            if sent.outcome != ACCEPTED
        ]
        return pl.DataFrame(rows, schema=_REJECTED, orient="row")


def reports(sent: Iterable[Sent]) -> pl.DataFrame:
    """Return the accepted ones' `stack_id`, `version` and six counters, a row each."""
    documents = [orjson.loads(one.body) for one in sent if one.outcome == ACCEPTED]
    rows = [
        (found["stack_id"], found["version"], *(found["metrics"][name] for name in COUNTERS))
        for found in documents
    ]
    return pl.DataFrame(rows, schema=dict(list(_ACCEPTED.items())[1:]), orient="row")
