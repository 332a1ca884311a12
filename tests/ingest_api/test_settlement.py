"""A settlement lets go of whom it has woken: no circle is left for each report."""

from __future__ import annotations

import gc
import weakref

import pytest

from ingest_api.settlement import Settlement


class Waiting:
    """A request that waits: it holds its settlement, which holds what wakes it."""

    def __init__(self, settlement: Settlement) -> None:
        self.settlement = settlement
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1


@pytest.mark.parametrize("early", [True, False], ids=["settled before", "settled after"])
def test_who_was_woken_is_gone_without_the_garbage_collector(*, early: bool) -> None:
    waiting = Waiting(Settlement())
    gone = weakref.ref(waiting)
    gc.disable()
    try:
        if early:
            waiting.settlement.settle()
        waiting.settlement.subscribe(waiting.wake)
        if not early:
            waiting.settlement.settle()
        assert waiting.woken == 1
        del waiting
        assert gone() is None
    finally:
        gc.enable()
