"""An audit beside what makes a day visible in another way finds nothing wrong with either way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from stream_worker.lake.keys import LIVE
from stream_worker.publication.catalog import MemoryCatalog
from tests.support.worker.ledger import SEALED_AT, TODAY, Ledger, filled
from tests.support.worker.samples import body, records

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date


@dataclass(slots=True)
class Beside(MemoryCatalog):
    """A catalog before whose question number `left`, counted from 1, something else happens."""

    left: int = field(kw_only=True)
    meanwhile: Callable[[], object] = field(kw_only=True)

    def location(self, table: str, day: date) -> str | None:
        self.left -= 1
        if self.left == 0:
            self.meanwhile()
        return MemoryCatalog.location(self, table, day)


def seal(ledger: Ledger) -> None:
    ledger.seal()


def seal_and_go_back(ledger: Ledger) -> None:
    ledger.seal()
    ledger.publication.roll_back(TODAY, SEALED_AT)


def begin(ledger: Ledger) -> None:
    ledger.commit(records([body(number) for number in range(10)]))


@pytest.mark.parametrize("place", range(1, 9))
@pytest.mark.parametrize("change", [seal, seal_and_go_back, begin])
def test_an_audit_beside_a_change_finds_nothing(change: Callable[[Ledger], None], place: int) -> None:
    ledger = Ledger() if change is begin else filled()
    catalog = ledger.catalog
    ledger.catalog = Beside(catalog.locations, left=place, meanwhile=lambda: change(same))
    same = Ledger(ledger.lake, MemoryCatalog(catalog.locations))
    assert ledger.audit().problems == ()
    assert ledger.audit().generation in {LIVE, same.publication.shown(TODAY)}


def test_what_is_wrong_is_found_beside_one_too() -> None:
    ledger = filled()
    del ledger.lake.objects[ledger.held()[1]]
    ledger.catalog = Beside(
        ledger.catalog.locations,
        left=3,
        meanwhile=lambda: ledger.publication.show(TODAY, LIVE, "seal", SEALED_AT),
    )
    assert ledger.audit().problems
