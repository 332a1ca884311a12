"""Who sets the switch, in either spelling and from either place, sends nothing."""

from __future__ import annotations

import pytest
from aws_cdk import App

from infra.reporter.opt_out import KEYS, disabled


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", [True, "true", "True", "TRUE", " true ", "yes", "1", 1])
def test_a_yes_switches_it_off(key: str, value: object) -> None:
    assert disabled(App(context={key: value}).node)


@pytest.mark.parametrize("value", [False, "false", "False", "no", "0", 0, ""])
def test_a_no_leaves_it_on(value: object) -> None:
    assert not disabled(App(context={KEYS[0]: value}).node)


def test_nothing_said_leaves_it_on() -> None:
    assert not disabled(App().node)


def test_one_yes_is_enough() -> None:
    assert disabled(App(context={KEYS[0]: False, KEYS[1]: "true"}).node)
