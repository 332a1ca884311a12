"""Forged reports among an honest day's: each attack is a function of what its forger may know, and a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from infra.fleets.draws import Draws, joined
from infra.fleets.labelled import arrived
from schemas.tables import COUNTER_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable

_MOMENT: Final = (
    pl.col("arrived_at").dt.hour().cast(pl.Float64) * 3600
    + pl.col("arrived_at").dt.minute().cast(pl.Float64) * 60
    + pl.col("arrived_at").dt.second()
) / 86_400
_BUSY: Final = pl.sum_horizontal(COUNTER_COLUMNS) >= 300  # noqa: PLR2004 - more than a trial
_VARIED: Final = pl.sum_horizontal(pl.col(name) >= 20 for name in COUNTER_COLUMNS) >= 2  # noqa: PLR2004 - of six
_TRIAL: Final = pl.sum_horizontal(COUNTER_COLUMNS).is_between(1, 30)
_NOON: Final = 0.5


def forged(name: str, honest: pl.DataFrame, size: int, seed: int) -> pl.DataFrame:
    """Return the `size` rows of one attack on this honest day, labelled with the attack's name."""
    draws = Draws(size, seed)
    frame = ATTACKS[name](honest, draws)
    return arrived(frame, honest["arrived_at"].dt.date()[0], name)


def _plausible(honest: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    """Rows like a fleet's: the forger knows how payloads are distributed, but no deployment's payload."""
    rows = honest[draws.integers(0, len(honest) - 1)]
    factor = draws.lognormal(0, 0.6)
    return rows.select(
        "version",
        *((pl.col(name) * factor * _around(draws, 0.3)).round().cast(pl.Int64) for name in COUNTER_COLUMNS),
        nonce=draws.nonces(),
        moment=draws.uniform(),
    )


def _around(draws: Draws, share: float) -> pl.Series:
    return 1 + (draws.uniform() * 2 - 1) * share


def _base(honest: pl.DataFrame, draws: Draws, like: pl.Expr = _BUSY & _VARIED) -> pl.DataFrame:
    """One deployment's payload, a busy one's that uses several calls, as often as there are rows to forge."""
    busy = honest.filter(like)
    place = int(draws.uniform()[0] * len(busy))
    one = busy[place]
    return pl.concat([one] * draws.rows).select(
        "version", *COUNTER_COLUMNS, nonce=draws.nonces(), moment=draws.uniform()
    )


def _one_payload(honest: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    return _base(honest, draws)


def _one_trial(honest: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    return _base(honest, draws, _TRIAL)


def _one_payload_many_versions(honest: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    versions = honest["version"].gather(draws.integers(0, len(honest) - 1))
    return _base(honest, draws).with_columns(version=versions)


def _jittered(share: float) -> Callable[[pl.DataFrame, Draws], pl.DataFrame]:
    def made(honest: pl.DataFrame, draws: Draws) -> pl.DataFrame:
        return _base(honest, draws).with_columns(
            (pl.col(name) * _around(draws, share)).round().cast(pl.Int64) for name in COUNTER_COLUMNS
        )

    return made


def _one_counter_free(honest: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    return _base(honest, draws).with_columns(draws.lognormal(6, 2).cast(pl.Int64).alias("tokenize_success"))


def _counted_up(honest: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    return _base(honest, draws).with_columns(
        pl.col(name) + pl.int_range(pl.len()) for name in COUNTER_COLUMNS[::2]
    )


def _copied_one(honest: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    """Ten honest payloads, each copied many times, all after they were seen."""
    busy = honest.filter(_BUSY, _MOMENT < _NOON).sort("nonce").head(10)
    rows = busy[draws.integers(0, len(busy) - 1)]
    return rows.select(
        "version", *COUNTER_COLUMNS, nonce=draws.nonces(), moment=_NOON + (1 - _NOON) * draws.uniform()
    )


def _copied_each(honest: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    """Copy each of many honest payloads, at any time after it was seen."""
    busy = honest.filter(_BUSY)
    rows = busy[draws.integers(0, len(busy) - 1)]
    return rows.select(
        "version", *COUNTER_COLUMNS, nonce=draws.nonces(), moment=_MOMENT + (1 - _MOMENT) * draws.uniform()
    )


def _nonce_sequence(stride: int) -> Callable[[pl.DataFrame, Draws], pl.DataFrame]:
    def made(honest: pl.DataFrame, draws: Draws) -> pl.DataFrame:
        first = Draws(1, 3).nonces()
        row = pl.int_range(draws.rows, dtype=pl.UInt128, eager=True)
        nonces = first + row * pl.Series([stride], dtype=pl.UInt128)
        # In order of time: a flood sends them as it counts.
        return _plausible(honest, draws).sort("moment").with_columns(nonce=nonces)

    return made


def _nonce_prefix(honest: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    high = draws.words() // (1 << 32) + (0xC0FFEE01 << 32)
    return _plausible(honest, draws).with_columns(nonce=joined(high, draws.words()))


def _nonce_suffix(honest: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    low = (draws.words() // (1 << 48)) * (1 << 48) + 0x02420A0B0C0D
    return _plausible(honest, draws).with_columns(nonce=joined(draws.words(), low))


def _nonce_timed(honest: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    """UUIDs of version 1 as one machine makes them: the time first, the same node last."""
    frame = _plausible(honest, draws)
    ticks = (frame["moment"] * 864e9).cast(pl.UInt64) + 0x1F0_1234_0000_0000
    time_low, time_mid = ticks % (1 << 32), ticks // (1 << 32) % (1 << 16)
    high = time_low * (1 << 32) + time_mid * (1 << 16) + 0x11F0
    low = pl.repeat(0x9ABC0242AC110002, draws.rows, dtype=pl.UInt64, eager=True)
    return frame.with_columns(nonce=joined(high, low))


def _nonce_decimal(honest: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    """Digits from 0 to 9 alone, as of a decimal random number."""
    halves = [_decimal(draws) for _ in range(2)]
    return _plausible(honest, draws).with_columns(nonce=joined(*halves))


def _decimal(draws: Draws) -> pl.Series:
    word = pl.zeros(draws.rows, dtype=pl.UInt64, eager=True)
    for _ in range(16):
        word = word * 16 + draws.integers(0, 9).cast(pl.UInt64)
    return word


def _nonce_halves(honest: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    """Sixteen random digits, twice."""
    half = draws.words()
    return _plausible(honest, draws).with_columns(nonce=joined(half, half))


def _counters_enormous(honest: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    return _plausible(honest, draws).with_columns(
        draws.integers(10**9, 3 * 10**9).alias(name) for name in COUNTER_COLUMNS[::2]
    )


def _counters_contradict(honest: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    """Millions of failures and no success, or millions of grants and no token."""
    many, which = draws.lognormal(16, 0.5).cast(pl.Int64), draws.integers(0, 1) == 1
    zero = pl.lit(0, dtype=pl.Int64)
    values = dict.fromkeys(COUNTER_COLUMNS, zero)
    values["detokenize_failure"] = pl.when(which).then(many).otherwise(zero)
    values["create_grant_success"] = pl.when(which).then(zero).otherwise(many)
    return _plausible(honest, draws).with_columns(**values)


def _versions_random(honest: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    parts = [draws.integers(0, 99) for _ in range(3)]
    version = pl.select(pl.format("{}.{}.{}", *parts)).to_series()
    return _plausible(honest, draws).with_columns(version=version)


def _version_far(honest: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    return _plausible(honest, draws).with_columns(version=pl.lit("99.9.9"))


def _plausible_alone(honest: pl.DataFrame, draws: Draws) -> pl.DataFrame:
    """Random nonces, released versions, payloads drawn as a fleet's: nothing is left to see."""
    return _plausible(honest, draws)


ATTACKS: Final[dict[str, Callable[[pl.DataFrame, Draws], pl.DataFrame]]] = {
    "one payload": _one_payload,
    "one payload, many versions": _one_payload_many_versions,
    "ten payloads copied": _copied_one,
    "each payload copied": _copied_each,
    "jittered by 1 %": _jittered(0.01),
    "jittered by 10 %": _jittered(0.1),
    "jittered by 20 %": _jittered(0.2),
    "one counter free": _one_counter_free,
    "counted up": _counted_up,
    "nonces by 1": _nonce_sequence(1),
    "nonces by a great step": _nonce_sequence(0x9E3779B97F4A7C15F39CC0605CEDC835),
    "nonces with a prefix": _nonce_prefix,
    "nonces with a suffix": _nonce_suffix,
    "nonces of time and node": _nonce_timed,
    "nonces of decimals": _nonce_decimal,
    "nonces of two halves": _nonce_halves,
    "enormous counters": _counters_enormous,
    "contradictory counters": _counters_contradict,
    "random versions": _versions_random,
    "one far version": _version_far,
    "one payload of a trial": _one_trial,
    "plausible": _plausible_alone,
}
"""Every attack by name; the last two show what cannot be distinguished."""

HOPELESS: Final = ("one payload of a trial", "plausible")
