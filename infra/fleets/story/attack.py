"""The story's fraud attack: some days of forged reports, each day in another way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from infra.fleets.attacks import forged
from infra.fleets.story.sent import Sent, report
from schemas.report import COUNTERS
from schemas.tables import COUNTER_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

_BEGIN: Final = 0.76
"""Which part of the days has passed when it begins."""


@dataclass(frozen=True, slots=True)
class Wave:
    """A day's flood: the attack by its name, its share of all forged reports, the rule that stops it."""

    attack: str
    share: float
    rule: str


WAVES: Final = (
    Wave("nonces by 1", 0.35, "nonce_sequence"),
    Wave("nonces with a prefix", 0.4, "nonce_shared_digits"),
    Wave("nonces with a suffix", 0.25, "nonce_shared_digits"),
)
"""They come on days that follow each other. Of each every report is stopped, and no honest one beside it."""


def waves(days: int) -> dict[int, Wave]:
    """Return the floods by the story's day, in a story of so many; one of a single day has none."""
    begin = int(_BEGIN * days)
    return {begin + place: wave for place, wave in enumerate(WAVES) if 0 < begin + place < days}


def flood(wave: Wave, honest: pl.DataFrame, forgeries: int, seed: int) -> Iterator[Sent]:
    """Give a day's forged reports; `honest` has the columns of `reports` as far as a report has them."""
    rows = forged(wave.attack, honest, round(forgeries * wave.share), seed)
    for row in rows.select("stack_id", "version", "arrived_at", *COUNTER_COLUMNS).iter_rows():
        stack_id, version, arrives, *counts = row
        metrics = dict(zip(COUNTERS, counts, strict=True))
        yield Sent(arrives, stack_id, report(stack_id, version, metrics), "fraud", wave.rule)
