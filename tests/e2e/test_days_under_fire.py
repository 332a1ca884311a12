"""Readers look on and processes are killed while days are sealed, replayed and rolled back."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from infra.local.process import Process
from tests.benchmarks.fresh import ROOT
from tests.e2e.test_days import answer, by_position, put_on, rows
from tests.support.e2e.installation import script
from tests.support.soak import soaked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from tests.support.e2e.installation import Installation
    from tests.support.e2e.producer import Producer


@dataclass
class Look:
    """What a reader's queries have seen, each kind of answer once, in the order of their first coming."""

    seen: list[list[int]] = field(default_factory=list)
    queries: int = 0


@contextmanager
def reader(installation: Installation, day: date) -> Iterator[Look]:
    """Let a reader query the day, over and over, in another process."""
    environment = installation.environment() | {
        "READER_FOLDER": str(installation.logs),
        "PYTHONPATH": str(ROOT),
    }
    look = Look()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.e2e.reader", str(day)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        look.seen.append(json.loads(process.stdout.readline()))
        yield look
        process.stdin.close()
        for line in process.stdout:
            look.queries += 1
            if json.loads(line) not in look.seen:
                look.seen.append(json.loads(line))


def whole(installation: Installation, day: date) -> list[int]:
    found = rows(installation, "reports", day)
    return [len(found), found["stack_id"].n_unique(), int(found["tokenize_success"].sum())]


def test_readers_see_whole_generations_alone(installation: Installation, producer: Producer) -> None:
    day = put_on(installation, producer, 2, 400)
    put_on(installation, producer, 1)
    installation.drain(flush_records=40)
    generations = [whole(installation, day)]
    span = ("--from", str(day), "--to", str(day))
    with reader(installation, day) as look:
        for step in (
            ("seal", "--day", str(day)),
            ("rollback", "--day", str(day)),
            ("replay", *span),
            ("replay", *span, "--source", "lake", "--name", "lake"),
            ("rollback", "--day", str(day)),
        ):
            answer(installation, *step)
            generations.append(whole(installation, day))
    assert look.queries > len(generations)
    assert all(seen in generations for seen in look.seen)
    assert all(found > 0 and found == distinct for found, distinct, _ in look.seen)


@pytest.mark.parametrize("rounds", soaked([2, 8]))
def test_seal_and_replay_that_are_killed_come_to_the_same_when_they_are_run_again(
    installation: Installation, producer: Producer, rounds: int
) -> None:
    day = put_on(installation, producer, 2, 400)
    put_on(installation, producer, 1)
    installation.drain(flush_records=20)
    live, seen_live = rows(installation, "reports", day), whole(installation, day)
    rng = random.Random(rounds)
    span = ("--from", str(day), "--to", str(day))
    with reader(installation, day) as look:
        for round_ in range(rounds):
            name = ("--name", f"round{round_}")
            kill(installation, ("seal", "--day", str(day), "--anew"), rng.randrange(5))
            kill(installation, ("replay", *span, *name), rng.randrange(40))
            replayed = answer(installation, "replay", *span, *name)
            assert replayed["changes"] == []
    assert look.seen == [seen_live]
    assert by_position(rows(installation, "reports", day)).equals(by_position(live))


def kill(installation: Installation, arguments: tuple[str, ...], objects: int) -> None:
    """Start a command and kill it when it has put so many objects into the lake, unless it ends before."""
    log = installation.logs / f"{arguments[0]}-{objects}.log"
    environment = installation.environment(flush_records=20)
    before = len(installation.objects())
    command = [script("stream-worker"), *arguments]
    with Process(arguments[0], command, log=log, environment=environment) as process:
        while process.returncode is None and len(installation.objects()) < before + objects:
            pass
        process.kill()
