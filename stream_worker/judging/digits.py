"""Arithmetic on the 32 hexadecimal digits of a nonce, all digits at once: how regular they are.

A nonce is one 128-bit number; each of its digits is a lane of four bits in it. Every function takes and
returns series of such numbers, or of counts, and needs no loop over digits or rows.
"""

from typing import Final

import polars as pl

NONCE: Final = pl.UInt128()

_DIGITS: Final = 32


def repeats(nonces: pl.Series, distance: int) -> pl.Series:
    """Count the digits that are repeated `distance` digits further on, of 32 - distance."""
    return _zeros(nonces ^ _right(nonces, 4 * distance), _DIGITS - distance)


def steady_steps(nonces: pl.Series, distance: int) -> pl.Series:
    """Count the digits, of 32 - 2 * distance, that continue a step: 1234 at distance 1, 1a2b3c at 2."""
    steps = _differences(nonces, distance)
    return _zeros(_differences(steps, distance), _DIGITS - 2 * distance)


def _differences(numbers: pl.Series, distance: int) -> pl.Series:
    """Put in each digit's place the digit `distance` to its left minus the digit, modulo 16."""
    left, high = _right(numbers, 4 * distance), _each_digit(8)
    # A high bit set on one side and cleared on the other keeps a lane from borrowing from the next.
    differences = (left | high) - (numbers & _each_digit(7))
    return differences ^ ((left ^ ~numbers) & high)


def _zeros(numbers: pl.Series, among: int) -> pl.Series:
    """Count the zeros among the lowest `among` digits."""
    pairs = numbers | _right(numbers, 1)
    nonzero = (pairs | _right(pairs, 2)) & pl.Series([int("1" * among, 16)], dtype=NONCE)
    return among - nonzero.to_frame("n").select(pl.col("n").bitwise_count_ones().cast(pl.Int64)).to_series()


def _right(numbers: pl.Series, bits: int) -> pl.Series:
    return numbers // pl.Series([1 << bits], dtype=NONCE)


def _each_digit(digit: int) -> pl.Series:
    return pl.Series([int(f"{digit:x}" * _DIGITS, 16)], dtype=NONCE)
