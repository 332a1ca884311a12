"""Thirty kills of a worker on the real daemon, at named steps and at random, while reports keep coming."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.e2e import soak
from tests.support.soak import soaked

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = len(soak.STEPS)  # of each step one


@pytest.mark.parametrize("seed", soaked([20, 21, 22]))
def test_kills_at_every_step_lose_nothing_and_double_nothing(tmp_path: Path, seed: int) -> None:
    outcome = soak.play(ROUNDS, seed, tmp_path, lambda _: None)  # its table is shown by pytest -rP
    assert (outcome.lost, outcome.doubled) == (0, 0)
    assert {step: len(seconds) for step, seconds in outcome.recovered.items()} == dict.fromkeys(soak.STEPS, 1)
