"""`python -m infra.cost`: what a deployment costs a month."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console

from infra.analytics.terminal_table import print_table
from infra.cost import tables
from infra.cost.alternatives import alternatives, networks
from infra.cost.comparison import SIZES, compare, verdicts
from infra.cost.load import Load
from infra.deployment.choices import PREFIX, read

if TYPE_CHECKING:
    from infra.cost.comparison import Comparison

_WIDEST: Final = 150
_DEARER: Final = 4
_DOMAIN: Final = {f"{PREFIX}domain_name": "metrics.example", f"{PREFIX}hosted_zone_id": "Z"}

_ASSUMPTIONS: Final = (
    "Shards and tasks are what the measured figures ask for at twice the day's mean rate, each task half "
    "busy; at 1,000,000 reports they are the defaults of infra/deployment/choices.py. Measured figures and "
    "assumptions: infra/deployment/measured.py. Prices: infra/cost/prices.toml. What is free in an "
    "account's first year is not taken off; what is free each month is, as if the account had nothing else."
)


_EXAMPLES: Final = """\b
Examples:
  python -m infra.cost
  python -m infra.cost --reports 3000000 --domain
  python -m infra.cost --reports 1000000 --alternatives
  python -m infra.cost --json | jq '.sizes[] | [.reports, .cheapest]'
"""


@click.command(context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EXAMPLES)
@click.option("--reports", type=click.IntRange(1, 10**10), help="Reports a day. Default: 10^4 to 10^9.")
@click.option(
    "--domain/--no-domain",
    default=False,
    help="With a domain of your own the load balancer has the certificate; without one CloudFront has.",
)
@click.option("--json", "as_json", is_flag=True, help="For machines: all lines, units, prices' sources.")
@click.option("--markdown", is_flag=True, help="The table in infra/README.md, to paste between its marks.")
@click.option("--alternatives", "others", is_flag=True, help="What else would carry the load, by its price.")
def main(reports: int | None, *, domain: bool, as_json: bool, markdown: bool, others: bool) -> None:
    """Print the monthly bill of this project line by line, beside the design that it replaces.

    From list prices and what was measured of this project; nothing is asked of AWS.
    """
    chosen = read(_DOMAIN if domain else {})
    compared = [compare(size, chosen) for size in ([reports] if reports else SIZES)]
    conclusions = verdicts(chosen)
    if as_json:
        click.echo(json.dumps(tables.document(compared, conclusions), indent=2, ensure_ascii=False))
    elif markdown:
        click.echo(tables.markdown(compared, conclusions), nl=False)
    else:
        _show(compared, conclusions)
        if others:
            for one in compared:
                _show_others(one)


def _show(compared: list[Comparison], conclusions: list[str]) -> None:
    console = Console()
    console = console if console.is_terminal else Console(width=_WIDEST)
    console.print(f"{tables.SOURCE}.\n", highlight=False)
    for place in range(len(compared[0].bills)):
        print_table(console, tables.lines(compared, place))
    for verdict in conclusions:
        console.print(verdict, highlight=False)
    console.print(f"\n{_ASSUMPTIONS}", highlight=False)


def _show_others(one: Comparison) -> None:
    usd = one.bills[0].usd
    found = sorted(alternatives(Load(one.reports), one.deployment), key=lambda other: other.usd)
    click.echo(f"\nInstead of {usd:,.2f}, for {one.reports:,} reports a day:")
    dearer: Counter[str] = Counter()
    for other in found:
        dearer[other.part] += other.usd > usd
        if dearer[other.part] > _DEARER:
            continue
        click.echo(f"  {other.usd - usd:+8.2f}  {other.choice}{'' if other.carries else ': too small'}")
    click.echo("The services' way to AWS, in one availability zone alone:")
    for way, dollars in networks(one.deployment).items():
        click.echo(f"  {dollars:8.2f}  {way}")


if __name__ == "__main__":
    main()
