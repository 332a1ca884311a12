"""Thirty kills of a worker on the real daemon, at named steps and at random, while reports keep coming."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e import soak

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 30


def test_kills_at_every_step_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    outcome = soak.play(ROUNDS, 20, tmp_path, lambda _: None)  # its table is shown by pytest -rP
    assert (outcome.lost, outcome.doubled) == (0, 0)
    assert sum(map(len, outcome.recovered.values())) == ROUNDS
    assert outcome.recovered.keys() == soak.STEPS.keys()
