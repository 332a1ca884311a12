import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from stream_worker.judging import digits


@given(st.lists(st.integers(0, 2**128 - 1), min_size=1, max_size=50))
def test_the_digit_arithmetic_is_what_a_loop_over_the_digits_gives(numbers: list[int]) -> None:
    nonces = pl.Series(numbers, dtype=pl.UInt128)
    found = zip(
        digits.repeats(nonces, 8), digits.steady_steps(nonces, 1), digits.steady_steps(nonces, 2), strict=True
    )
    for number, counts in zip(numbers, found, strict=True):
        spelled = [int(digit, 16) for digit in f"{number:032x}"]
        repeats = sum(a == b for a, b in zip(spelled, spelled[8:], strict=False))
        assert counts == (repeats, _steady(spelled, 1), _steady(spelled, 2))


def _steady(spelled: list[int], distance: int) -> int:
    steps = [(a - b) % 16 for a, b in zip(spelled, spelled[distance:], strict=False)]
    return sum(a == b for a, b in zip(steps, steps[distance:], strict=False))


def test_no_nonces_are_no_counts() -> None:
    none = pl.Series([], dtype=pl.UInt128)
    assert digits.repeats(none, 8).to_list() == digits.steady_steps(none, 1).to_list() == []
