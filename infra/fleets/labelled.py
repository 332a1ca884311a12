"""Days of fleets as labelled rows, made from a seed: what the day-wide fraud rules are measured on.

Five families, made differently on purpose: what holds in one only is a habit of that family and no rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

import polars as pl

from infra.fleets.draws import Draws, stack_ids
from schemas.tables import COUNTER_COLUMNS, REPORTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DAY_MILLISECONDS: Final = 86_400_000
HONEST: Final = "honest"
_SHARDS: Final = 4
_BUSIEST: Final = 3e9  # a kind's calls a day: what a large installation can serve
_HOURLY_SHARE: Final = 0.4
_FAILING: Final = 0.2  # of the deployments: those whose calls fail at all

RELEASES: Final = {"1.7.4": 2.0, "1.8.2": 10, "1.9.0": 14, "1.9.1": 40, "2.0.0-rc.1": 1, "2.0.0": 33}
"""The versions that a fleet runs, and how many of a hundred deployments run each."""

Use = dict[str, pl.Series]
"""The six counters, as columns."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """A fleet on one day. Shares are of the deployments; others work in earnest."""

    deployments: int
    seed: int
    family: str = "lognormal"
    idle: float = 0.25
    tutorials: float = 0.1
    tutorial: tuple[int, ...] = (4, 0, 2, 0, 2, 0)
    newcomers: float = 0.0
    """Of those who came with a launch: the newest version, little use, arrivals around the launch's hour."""
    versions: Mapping[str, float] = field(default_factory=lambda: RELEASES)
    day: date = date(2026, 11, 22)


def reports(fleet: Fleet) -> pl.DataFrame:
    """Return the fleet's day by arrival: the columns of `reports`, `nonce` (UInt128), `label` ("honest")."""
    draws = Draws(fleet.deployments, fleet.seed)
    kind = draws.uniform()
    use = FAMILIES[fleet.family](draws)
    newcomer = draws.uniform() < fleet.newcomers
    newest = list(fleet.versions)[-1]
    little = draws.uniform() ** 3
    columns: dict[str, pl.Expr] = {}
    for name, tutorial in zip(COUNTER_COLUMNS, fleet.tutorial, strict=True):
        earnest = pl.when(newcomer).then((use[name] * little).floor()).otherwise(use[name]).cast(pl.Int64)
        columns[name] = (
            pl.when(kind < fleet.idle)
            .then(pl.lit(0))
            .when(kind < fleet.idle + fleet.tutorials)
            .then(pl.lit(tutorial))
            .otherwise(earnest)
        )
    version = pl.when(newcomer).then(pl.lit(newest)).otherwise(draws.choice(fleet.versions))
    launch = 0.6 + draws.pareto(1.5) / 100
    moment = pl.when(newcomer & (launch < 1)).then(launch).otherwise(_moments(draws))
    frame = pl.DataFrame({"nonce": draws.nonces()}).with_columns(version=version, moment=moment, **columns)
    return arrived(frame, fleet.day, HONEST)


def arrived(frame: pl.DataFrame, day: date, label: str) -> pl.DataFrame:
    """Make rows of what was sent: `version`, `nonce`, the counters, and `moment`, in [0, 1) of the day."""
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    ordered = frame.sort("moment", "nonce")
    numbered = ordered.with_columns(
        stack_id=stack_ids(ordered["nonce"]),
        arrived_at=(pl.col("moment") * DAY_MILLISECONDS).cast(pl.Int64) + midnight,
        shard_id=pl.format("shardId-00000000000{}", pl.col("nonce") % pl.lit(_SHARDS, dtype=pl.UInt128)),
        # Kinesis's numbers grow with time; the nonce keeps those of honest and forged rows apart.
        number=(pl.col("moment") * 1e15).cast(pl.Int64) * 1000 + (pl.col("nonce") % 1000).cast(pl.Int64),
        sub_sequence_number=pl.lit(0, dtype=pl.Int64),
        label=pl.lit(label),
    ).with_columns(sequence_number=pl.format("4959033827{}", pl.col("number").cast(pl.String).str.zfill(20)))
    return numbered.select(
        *(pl.col(name).cast(kind) for name, kind in REPORTS.polars.items()), "nonce", "label"
    )


def resent(day: pl.DataFrame, share: float, seed: int) -> pl.DataFrame:
    """Return the rows whose answer is lost and that come again some seconds later: duplicates."""
    draws = Draws(len(day), seed)
    again = day.filter(draws.uniform() < share)
    later = Draws(len(again), seed + 1).integers(1_000, 60_000).cast(pl.Duration("ms"))
    number = (pl.col("sequence_number").str.tail(20).cast(pl.Int64) + 1).cast(pl.String).str.zfill(20)
    return again.with_columns(pl.col("arrived_at") + later, sequence_number=pl.format("4959033827{}", number))


def _moments(draws: Draws) -> pl.Series:
    """Arrivals over the day: some at a full hour, where schedules start, the rest at any time."""
    uniform = draws.uniform()
    hourly = (uniform * 24).floor() / 24 + draws.uniform() / 1440
    return pl.select(
        pl.when(draws.uniform() < _HOURLY_SHARE).then(hourly).otherwise(draws.uniform())
    ).to_series()


def _lognormal(draws: Draws) -> Use:
    """Every kind of use varies by itself, and a little with the deployment's size."""
    size = draws.normal() * 1.2
    failing = draws.lognormal(-6, 1.5).clip(0, 1)
    calls = [(size + draws.normal() * 1.3 + mean).exp() for mean in (5.0, 4.5, 2.0)]
    return _use([(total, draws.poisson(total * failing)) for total in calls])


def _pareto(draws: Draws) -> Use:
    """One heavy tail of calls, which each deployment divides among the kinds in its own way."""
    total, shares = draws.pareto(0.7) * 5, [draws.uniform() ** power for power in (1, 1, 3)]
    whole = shares[0] + shares[1] + shares[2]
    failing = (draws.uniform() < _FAILING).cast(pl.Float64) * draws.uniform() ** 4
    calls = [total * share / whole for share in shares]
    return _use([(count, draws.poisson(count * failing)) for count in calls])


def _ridge(draws: Draws) -> Use:
    """One number says nearly all: so many tokens, so many of them read, a grant for every tenth."""
    tokens = draws.lognormal(5.5, 2.0)
    reads = draws.poisson(tokens * 0.8).cast(pl.Float64)
    return _use([(count, draws.poisson(count * 0.004)) for count in (tokens, reads, tokens / 10)])


def _mixture(draws: Draws) -> Use:
    """Classes that have nothing in common: mirrors, readers, writers, nightly batches of round thousands."""
    kind = draws.uniform()
    mirror = draws.pareto(0.9) * 8
    reader, batch = draws.lognormal(7, 2.5), (draws.pareto(1.1) * 2).floor() * 1000
    zero = pl.zeros(draws.rows, dtype=pl.Float64, eager=True)
    by_kind = ((0.3, mirror, mirror), (0.55, zero, reader), (0.8, reader, zero), (1.01, batch, batch))
    tokens, reads = pl.lit(0.0), pl.lit(0.0)
    for most, written, read in reversed(by_kind):
        tokens = pl.when(kind < most).then(written).otherwise(tokens)
        reads = pl.when(kind < most).then(read).otherwise(reads)
    both = pl.select(tokens=tokens, reads=reads)
    failing = (draws.uniform() < _FAILING).cast(pl.Float64) * draws.pareto(2) / 100
    calls = [both["tokens"], both["reads"], draws.pareto(1.3).floor() - 1]
    return _use([(count, draws.poisson(count * failing)) for count in calls])


def _counts(draws: Draws) -> Use:
    """Five sizes of deployments, and negative binomial counts in each: every kind of call comes by itself."""
    size = draws.choice({"5": 0.35, "50": 0.3, "500": 0.2, "5000": 0.1, "100000": 0.05}).cast(pl.Float64)
    use = []
    for part in (1.0, 1.6, 0.07):
        calls = draws.poisson(size * part * draws.normal() ** 2).cast(pl.Float64)
        use.append((calls, draws.poisson(calls * 0.02 * draws.normal() ** 2)))
    return _use(use)


def _use(kinds: list[tuple[pl.Series, pl.Series]]) -> Use:
    """Divide the calls of each kind into those that succeeded and those that did not."""
    columns: Use = {}
    names = iter(COUNTER_COLUMNS)
    for calls, failures in kinds:
        failed = failures.cast(pl.Float64).clip(0, calls.clip(0, _BUSIEST).floor())
        columns[next(names)] = (calls.clip(0, _BUSIEST).floor() - failed).cast(pl.Int64)
        columns[next(names)] = failed.cast(pl.Int64)
    return columns


FAMILIES: Final[dict[str, Callable[[Draws], Use]]] = {
    "lognormal": _lognormal,
    "pareto": _pareto,
    "ridge": _ridge,
    "mixture": _mixture,
    "counts": _counts,
}
