"""Bumps in a day's payloads: more close together than a smooth fleet has, and few around them.

A flood that varies one payload a little fills a small box of the payloads' logarithms. The number of honest
ones inside is estimated from those around it (the boxes of twice and of four times the size), so neither the
fleet's size nor its growth matters, and a flood adds nothing to what it is compared with.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Final

import polars as pl

from schemas.tables import COUNTER_COLUMNS
from stream_worker.judging.day_rules import payloads
from stream_worker.judging.day_rules.finding import Finding
from stream_worker.judging.thresholds import Thresholds

_EDGES: Final = (0.25, 0.5, 1.0, 2.0)  # of the grid's cells, in doublings
_SHIFTS: Final = 6
_CELL_BITS: Final = 10
_OF_PARENT: Final = 0.5
_CANDIDATES: Final = 40  # a grid's
_REACHES: Final = tuple(2**-place / 1.5 for place in range(7))  # half a box's edge, in doublings
_ROUNDING: Final = 0.5
_LEFT_OUT: Final = 0.002
_ALIKE_MOST: Final = 3  # of equal payloads: many are not a cluster but a habit, or for `copies` to find
_WAYS_MOST: Final = 5.0
_PAYLOADS_MOST: Final = 500_000  # that are examined: more show the same and take longer
_PRIME: Final = 1_000_003


@dataclass(frozen=True, slots=True)
class Box:
    """For each counter the least and the greatest value."""

    least: tuple[int, ...]
    most: tuple[int, ...]

    @property
    def inside(self) -> pl.Expr:
        """True for payloads in the box."""
        return pl.all_horizontal(
            [
                pl.col(name).is_between(least, most)
                for name, least, most in zip(COUNTER_COLUMNS, self.least, self.most, strict=True)
            ]
        )


@dataclass(frozen=True, slots=True)
class Clusters(Finding):
    """The day's bumps."""

    boxes: tuple[Box, ...]

    def __len__(self) -> int:
        return len(self.boxes)

    def broken(self, reports: pl.DataFrame) -> pl.Series:
        """Return for each report whether its payload is in one of the bumps."""
        inside = [box.inside for box in self.boxes]
        return reports.select(broken=pl.any_horizontal(*inside, pl.lit(value=False))).to_series()


def clusters(sample: pl.DataFrame, thresholds: Thresholds) -> Clusters:
    """Find the bumps among the informative payloads."""
    bits, calls = thresholds.copies_bits_least, thresholds.copies_calls_least
    kept = payloads.informative(COUNTER_COLUMNS, bits, calls)
    equal = pl.int_range(pl.len()).over(COUNTER_COLUMNS)
    informative = (
        sample.select("nonce", *COUNTER_COLUMNS).filter(kept).sort("nonce").filter(equal < _ALIKE_MOST)
    )
    part = -(-len(informative) // _PAYLOADS_MOST)
    informative = informative.filter(pl.col("nonce") % _PRIME % part == 0).select(COUNTER_COLUMNS)
    rest = informative.with_columns(column.name.prefix("log_") for column in payloads.logarithms())
    found: list[Box] = []
    for edge in _EDGES:
        for centre in _candidates(rest, edge, thresholds):
            box = _bump(rest, centre, edge, thresholds)
            if box is not None:
                found.append(box)
                rest = rest.filter(~box.inside)
    return Clusters(tuple(found))


def _candidates(rest: pl.DataFrame, edge: float, thresholds: Thresholds) -> Iterator[tuple[float, ...]]:
    """Yield the centres of cells that hold most of the cell twice as large, the fullest first."""
    logs = [f"log_{name}" for name in COUNTER_COLUMNS]
    full: list[pl.DataFrame] = []
    for number in range(_SHIFTS):
        # The golden ratio's multiples cut each counter's axis at places of its own.
        shifts = [(number * 0.618 + place * 0.38) % 1 for place in range(len(logs))]
        cells = [
            (pl.col(name) / edge + shift).floor().cast(pl.Int64)
            for name, shift in zip(logs, shifts, strict=True)
        ]
        counted = (
            rest.lazy()
            .group_by(cell=_packed(cells), parent=_packed([cell // 2 for cell in cells]))
            .agg(pl.len(), *(pl.col(name).mean() for name in logs))
            .with_columns(share=pl.col("len") / pl.col("len").sum().over("parent"))
            .filter(pl.col("len") * 2 >= thresholds.cluster_least, pl.col("share") >= _OF_PARENT)
            .collect()
        )
        full.append(counted)
    ordered = pl.concat(full).sort(pl.col("len") * pl.col("share"), "cell", descending=True)
    return ordered.select(logs).head(_CANDIDATES).iter_rows()


def _packed(cells: list[pl.Expr]) -> pl.Expr:
    return reduce(lambda packed, cell: packed * (1 << _CELL_BITS) + cell, cells)


def _bump(rest: pl.DataFrame, centre: tuple[float, ...], edge: float, thresholds: Thresholds) -> Box | None:
    """Return the box around a centre that holds more than its surroundings explain, if there is one."""
    for _ in range(2):
        near = rest.filter(_away(centre) <= edge / 2)
        if len(near) * 2 < thresholds.cluster_least:
            return None
        centre = near.select(pl.col("^log_.*$").median()).row(0)
    away = rest.select(away=_away(centre)).filter(pl.col("away") <= 4 * _REACHES[0])["away"].sort()
    best: tuple[float, float] | None = None
    for reach in _REACHES:
        inside, twice, fourfold = (int(away.search_sorted(reach * times, "right")) for times in (1, 2, 4))
        expected = _expected(twice - inside, fourfold - twice)
        if inside >= thresholds.cluster_least and inside >= thresholds.cluster_excess * expected:
            score = inside - thresholds.cluster_excess * expected
            best = max(best or (score, reach), (score, reach))
    return _box(rest.filter(_away(centre) <= best[1])) if best else None


def _expected(around: int, further: int) -> float:
    """Return how many are expected inside, given how many are in the shell around and in the next shell.

    If a fleet varies in n ways, a shell holds 2 ** n times what the shell inside it holds.
    """
    ways = min(_WAYS_MOST, max(1.0, math.log2((further + 1) / (around + 1))))
    return (around + 1) / (2**ways - 1)


def _away(centre: tuple[float, ...]) -> pl.Expr:
    """Return the greatest distance of a counter's logarithm from the centre's, less what rounding adds."""
    return pl.max_horizontal(
        [
            (pl.col(f"log_{name}") - middle).abs() - _ROUNDING / math.log(2) / 2**middle
            for name, middle in zip(COUNTER_COLUMNS, centre, strict=True)
        ]
    )


def _box(inside: pl.DataFrame) -> Box:
    least, most = (
        tuple(int(value) for value in inside.select(pl.col(COUNTER_COLUMNS).quantile(part, "nearest")).row(0))
        for part in (_LEFT_OUT, 1 - _LEFT_OUT)
    )
    return Box(least, most)
