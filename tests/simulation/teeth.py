"""The table of mutations: for each, the seed that caught it, and by what."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from tests.simulation.mutations import MUTATIONS

if TYPE_CHECKING:
    from tests.simulation.mutations import Mutation


@dataclass(frozen=True, slots=True)
class Caught:
    """How a mutation was caught: after how many histories, by which violation; `by` is None if it was not."""

    mutation: str
    histories: int
    by: str | None


def catch(mutation: Mutation) -> Caught:
    """Play seeds from 0 on, in a process of its own, until one fails, as many as the mutation may take."""
    command = [
        sys.executable,
        "-m",
        "tests.simulation",
        "--mutation",
        mutation.name,
        "--seeds",
        f"0:{mutation.seeds}",
    ]
    ended = subprocess.run(
        [*command, "--first", "--no-shrink", "--json", "--jobs", "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        told = json.loads(ended.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise RuntimeError(f"{mutation.name}: {ended.stderr[-2000:]}") from None
    by = next(iter(told["failures"].values()), None)
    return Caught(mutation.name, told["histories"], by and by["what"])


def table(jobs: int, *, as_json: bool) -> int:
    """Print the table, made by so many processes; return the exit status: 1 if one got away."""
    with ThreadPoolExecutor(jobs) as processes:
        got_away = [
            _show(*one, as_json=as_json)
            for one in zip(MUTATIONS, processes.map(catch, MUTATIONS), strict=True)
        ]
    return int(any(got_away))


def _show(mutation: Mutation, caught: Caught, *, as_json: bool) -> bool:
    """Print a line of the table; return whether the mutation got away."""
    if as_json:
        click.echo(json.dumps(asdict(caught)))
    else:
        by = caught.by.splitlines()[0][:90] if caught.by else f"NOT CAUGHT in {mutation.seeds}"
        click.echo(f"{mutation.name:<40} {caught.histories:>5}  {by}")
    return caught.by is None
