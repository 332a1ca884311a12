"""The project's bill beside its rivals', at one size or several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from infra.cost import ours, rivals
from infra.cost.crossing import crossings
from infra.cost.load import Load
from infra.cost.sizing import deployment_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.cost.bill import Bill
    from infra.deployment.choices import Deployment

SIZES: Final = tuple(10**exponent for exponent in range(4, 10))
"""Reports a day."""

_RIVALS: Final = (rivals.rest, rivals.http)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The bills at one size, ours first, and the deployment that ours is for."""

    reports: int
    deployment: Deployment
    bills: tuple[Bill, ...]

    @property
    def cheapest(self) -> Bill:
        """The lowest bill."""
        return min(self.bills, key=lambda bill: bill.usd)


def compare(reports: int, chosen: Deployment) -> Comparison:
    """Return the bills for so many reports a day."""
    load = Load(reports)
    deployment = deployment_for(load, chosen)
    return Comparison(reports, deployment, (ours.bill(load, deployment), *(of(load) for of in _RIVALS)))


def verdicts(chosen: Deployment) -> list[str]:
    """Say, for each rival, at which sizes this project is the cheaper one: as it is, and without firewall."""
    return [
        f"{wording} {_against(of, chosen, firewall=firewall)}"
        for of in _RIVALS
        for firewall, wording in (
            (True, f"Beside {of(Load(1)).design}:"),
            (False, f"Beside {of(Load(1)).design}, both without the firewall:"),
        )
    ]


def _against(of: Callable[[Load], Bill], chosen: Deployment, *, firewall: bool) -> str:
    def here(reports: float) -> float:
        load = Load(reports)
        bill = ours.bill(load, deployment_for(load, chosen))
        return bill.usd if firewall else bill.usd - bill.part("firewall")

    def there(reports: float) -> float:
        return of(Load(reports)).usd

    cheaper = here(SIZES[0]) < there(SIZES[0])
    found = crossings(here, there)
    if not found:
        return f"this project is {'the cheaper' if cheaper else 'the dearer'} one at each of these sizes."
    turns = []
    for reports in found:
        cheaper = not cheaper
        turns.append(
            f"{'the cheaper' if cheaper else 'the dearer'} one from {shown(reports)} reports a day on"
        )
    return f"this project is {', '.join(turns)}."


def shown(reports: float) -> str:
    """Return a number of reports with two digits."""
    digits = len(str(round(reports))) - 2
    return f"{round(reports / 10**digits) * 10**digits:,}"
