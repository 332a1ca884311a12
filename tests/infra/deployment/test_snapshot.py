"""A change of what is deployed is seen by whoever reviews it."""

from __future__ import annotations

import pytest

from tests.support.deployment.snapshot import FILES, rendered
from tests.support.synthesis import templates


@pytest.mark.parametrize("stack", FILES)
def test_the_templates_are_those_that_were_reviewed(stack: str) -> None:
    reviewed = FILES[stack].read_text("utf-8")
    assert rendered(templates()[stack]) == reviewed, "meant? make snapshot, and look at the difference"
