"""Payloads of a day, or all of one but a counter, that too many deployments have in common.

Honest deployments share payloads with little information (zeros, a tutorial's calls). They share an
informative one only if the fleet's use leads to it, and then payloads near it are shared as often; a flood's
payload has no such neighbours. Of equal payloads the first to arrive may be an honest one that was copied:
it is kept.
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

from schemas.tables import COUNTER_COLUMNS
from stream_worker.judging.day_rules import payloads
from stream_worker.judging.day_rules.finding import Finding
from stream_worker.judging.thresholds import Thresholds

_NEIGHBOURHOOD: Final = 3  # cells of a third of a doubling
_SHIFTS: Final = (0.0, 0.5)
_NEIGHBOURS: Final = 3


@dataclass(frozen=True, slots=True)
class View:
    """What is compared of payloads: these counters, or the differences of the others from the first."""

    name: str
    counters: tuple[str, ...]
    differences: bool = False

    @property
    def columns(self) -> list[pl.Expr]:
        """The integers that are compared."""
        if not self.differences:
            return [pl.col(name) for name in self.counters]
        first, *others = self.counters
        return [(pl.col(name) - pl.col(first)).alias(name) for name in others]

    def measured(self, reports: pl.DataFrame) -> pl.DataFrame:
        """Return `key`, and what it was made of (differences without their sign)."""
        columns = [column.abs() for column in self.columns]
        return reports.select("nonce", "arrived_at", *columns, payloads.keys(reports, self.columns))


WHOLE: Final = View("all six counters", COUNTER_COLUMNS)
VIEWS: Final = (
    WHOLE,
    *(
        View(f"all but {left_out}", tuple(name for name in COUNTER_COLUMNS if name != left_out))
        for left_out in COUNTER_COLUMNS
    ),
    View("successes", COUNTER_COLUMNS[::2]),
    View("differences", COUNTER_COLUMNS[::2], differences=True),
)


@dataclass(frozen=True, slots=True)
class Copies(Finding):
    """For each view, the keys of payloads that too many share, and the first of each that arrived.

    Only payloads that are `informative` as a whole count: two differences from one counter have twice its
    calls and bits, so a trial's can be those of a flood.
    """

    keys: dict[View, pl.DataFrame]
    informative: pl.Expr

    def __len__(self) -> int:
        return sum(map(len, self.keys.values()))

    def broken(self, reports: pl.DataFrame) -> pl.Series:
        """Return for each report whether its payload is one of these, and not the first."""
        found = pl.repeat(value=False, n=len(reports), eager=True)
        for view, groups in self.keys.items():
            keys = payloads.keys(reports, view.columns)
            member = keys.is_in(groups["key"].implode())
            if view == WHOLE:
                member &= ~_first(reports.with_columns(key=keys), groups)
            found |= member
        return found & reports.select(broken=self.informative).to_series()


def copies(sample: pl.DataFrame, thresholds: Thresholds) -> Copies:
    """Find the informative payloads that many share, unlike those near them."""
    found: dict[View, pl.DataFrame] = {}
    bits, calls = thresholds.copies_bits_least, thresholds.copies_calls_least
    informative = payloads.informative(COUNTER_COLUMNS, bits, calls)
    rest = sample.filter(informative)
    for view in VIEWS:
        groups = _floods(view, rest, thresholds)
        if not groups.is_empty():
            found[view] = groups
            rest = rest.filter(~Copies({view: groups}, informative).broken(rest))
    return Copies(found, informative)


def _first(reports: pl.DataFrame, groups: pl.DataFrame) -> pl.Series:
    """Return which reports are a group's first, or came before the first of the sample."""
    joined = reports.select("key", "nonce", "arrived_at").join(
        groups, on="key", how="left", maintain_order="left", suffix="_first"
    )
    first = (pl.col("nonce") == pl.col("nonce_first")) | (pl.col("arrived_at") < pl.col("arrived_at_first"))
    return joined.select(first.fill_null(value=False)).to_series()


def _floods(view: View, rest: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """Return payloads shared more than their neighbours: `key`, and the first's `nonce` and `arrived_at`."""
    names = tuple(column.meta.output_name() for column in view.columns)
    kept = payloads.informative(names, thresholds.copies_bits_least, thresholds.copies_calls_least)
    measured = view.measured(rest).filter(kept)
    several = thresholds.copies_least / thresholds.copies_over_neighbours
    counts = measured.group_by("key").len().filter(pl.col("len") >= several)
    if counts.is_empty():
        return counts.select("key", nonce=pl.lit(None), arrived_at=pl.lit(None))
    members = measured.join(counts, on="key").sort("arrived_at", "nonce")
    groups = members.group_by("key", maintain_order=True).first()
    # A batch job's round numbers are far from each other: all round payloads are each other's neighbours.
    is_round = payloads.own_bits(names) < thresholds.copies_round_bits_least
    usual = [_usual(_cell(names, shift), _NEIGHBOURS) for shift in _SHIFTS]
    usual.append(pl.when(is_round).then(_usual([is_round], 1)))
    alone = pl.col("len") >= thresholds.copies_over_neighbours * pl.max_horizontal(usual)
    enough = pl.col("len") >= thresholds.copies_least
    return groups.filter(enough & alone).select("key", "nonce", "arrived_at").sort("key")


def _usual(neighbourhood: list[pl.Expr], passed: int) -> pl.Expr:
    """Return how often a payload of a neighbourhood is shared, without the `passed` most common ones."""
    next_one = pl.col("len").top_k(passed + 1).min()
    return pl.when(pl.len() > passed).then(next_one).otherwise(1).over(neighbourhood)


def _cell(names: tuple[str, ...], shift: float) -> list[pl.Expr]:
    return [(column * _NEIGHBOURHOOD + shift).floor() for column in payloads.logarithms(names)]
