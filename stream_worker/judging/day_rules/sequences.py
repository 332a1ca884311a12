"""Nonces of a day that were made by counting: each a fixed step after the one before, of any size.

Two pairs of random nonces have the same difference once in 2 ** 128. A sequence is found from the differences
of neighbours, by arrival and by size, and kept as its step and one of its members.
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

from stream_worker.judging.day_rules.finding import Finding
from stream_worker.judging.thresholds import Thresholds

_BITS: Final = 128
_SEQUENCES_MOST: Final = 64
_STEPS_MOST: Final = 1 << 40  # from the member that is kept; by chance one nonce in 2 ** 87 is so near


@dataclass(frozen=True, slots=True)
class Sequence:
    """The numbers `member` + n * `step`, modulo 2 ** 128."""

    member: int
    step: int

    def contains(self, nonces: pl.Series) -> pl.Series:
        """Return for each nonce whether it is a few steps before or after the member."""
        twos = (self.step & -self.step).bit_length() - 1
        inverse = pow(self.step >> twos, -1, 1 << _BITS)
        away = nonces - _number(self.member)
        steps = [_odd_steps(distance, twos, inverse) for distance in (away, _number(0) - away)]
        return (away % _number(1 << twos) == _number(0)) & (
            (steps[0] <= _number(_STEPS_MOST)) | (steps[1] <= _number(_STEPS_MOST))
        )


@dataclass(frozen=True, slots=True)
class Sequences(Finding):
    """The day's sequences of nonces."""

    found: tuple[Sequence, ...]

    def __len__(self) -> int:
        return len(self.found)

    def broken(self, reports: pl.DataFrame) -> pl.Series:
        """Return for each report whether its nonce is in a sequence."""
        members = pl.repeat(value=False, n=len(reports), eager=True)
        for sequence in self.found:
            members |= sequence.contains(reports["nonce"])
        return members


def sequences(sample: pl.DataFrame, thresholds: Thresholds) -> Sequences:
    """Find the steps between neighbours that recur."""
    arrived = sample.select("arrived_at", "nonce").sort("arrived_at", "nonce")["nonce"]
    found: list[Sequence] = []
    for ordered in (arrived, arrived.sort()):
        while len(found) < _SEQUENCES_MOST:
            rest = ordered.filter(~Sequences(tuple(found)).broken(ordered.to_frame("nonce")))
            one = _commonest_step(rest, thresholds.sequence_steps_least)
            if one is None:
                break
            found.append(one)
    return Sequences(tuple(found))


def _commonest_step(ordered: pl.Series, least: int) -> Sequence | None:
    """Return the sequence of the commonest step between neighbours, if it occurs `least` times."""
    pairs = (
        pl.DataFrame({"member": ordered, "step": ordered - ordered.shift(1)}).slice(1).sort("step", "member")
    )
    repeated = pairs.filter((pl.col("step") == pl.col("step").shift(1)).fill_null(value=False))
    if repeated.is_empty():
        return None
    steps = (
        repeated.group_by("step").agg(pl.len(), pl.col("member").first()).sort("len", "step", descending=True)
    )
    step, times, member = steps.row(0)
    # A step of 0 is a nonce that came twice, which a deduplicated day does not have.
    return Sequence(member, step) if step and times + 1 >= least else None


def _odd_steps(distance: pl.Series, twos: int, inverse: int) -> pl.Series:
    # UInt128 arithmetic wraps around: a product with the inverse of an odd step undoes the step.
    product = (distance // _number(1 << twos)) * _number(inverse)
    return product % _number(1 << (_BITS - twos)) if twos else product


def _number(value: int) -> pl.Series:
    return pl.Series([value % (1 << _BITS)], dtype=pl.UInt128)
