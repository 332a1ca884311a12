"""Tests of the simulation: its histories hold, are the same each time, and meet what they are aimed at."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.simulation.mutations import MUTATIONS, Mutation
from tests.simulation.teeth import catch
from tests.support.soak import soaked

_SEEDS = "0:300"
_MET = (
    "checkpoint.delayed",
    "day.replayed",
    "day.sealed",
    "lake.waiting",
    "readers.switched",
    "run.expired",
    "segment.overtaken",
    "shard.abandoned",
    "shard.gap",
    # what the world does to them
    "answer lost",
    "comes twice",
    "goes to another",
    "hangs",
    "has crashed",
    "late",
    "lost",
    "refused",
    "wakes up",
)
_QUICK = (
    "checkpoint before the commit",
    "no condition on the PUT",
    "a seal without dedupe",
    "reports switched first",
    "a shard ends unwritten",
)


def _simulate(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.simulation", *options], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def played() -> dict[str, Any]:
    ended = _simulate("--seeds", _SEEDS, "--json")
    told: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return told | {"story": ended.stderr}


def test_every_promise_holds_in_every_history(played: dict[str, Any]) -> None:
    assert played["failures"] == {}, played["story"]
    assert played["histories"] == 300


def test_histories_meet_what_they_are_aimed_at(played: dict[str, Any]) -> None:
    assert {name: played["met"].get(name, 0) for name in _MET if played["met"].get(name, 0) < 3} == {}


@pytest.mark.parametrize("seed", soaked(["3", "15"]))
def test_a_seed_is_the_same_history_each_time(seed: str) -> None:
    one, other = (_simulate("--seeds", seed, "--whole").stdout.splitlines() for _ in range(2))
    assert len(one) > 50
    assert one[:-1] == other[:-1]  # the last line has the time that it took


def test_real_parquet_and_rules_give_the_same_histories() -> None:
    options = ("--seeds", "20:24", "--json")
    quick, exact = (json.loads(_simulate(*options, *more).stdout) for more in ((), ("--exact",)))
    assert quick["failures"] == exact["failures"] == {}
    assert quick["effects"] == exact["effects"]


def test_several_processes_give_the_same_sums() -> None:
    alone, together = (
        json.loads(_simulate("--seeds", "0:30", "--json", "--jobs", jobs).stdout) for jobs in ("1", "3")
    )
    for told in (alone, together):
        assert told["histories"] == 30
        assert told["failures"] == {}
    assert alone["effects"] == together["effects"] > 30 * 300
    assert alone["met"] == together["met"]


def test_several_processes_find_the_same_first_failure() -> None:
    options = ("--mutation", "a seal without dedupe", "--first", "--no-shrink", "--json", "--seeds", "0:40")
    alone, together = (_simulate(*options, "--jobs", jobs) for jobs in ("1", "3"))
    assert alone.returncode == together.returncode == 1
    told = [json.loads(ended.stdout.splitlines()[-1]) for ended in (alone, together)]
    assert told[0]["failures"] == told[1]["failures"]
    assert told[0]["histories"] == told[1]["histories"]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_is_of_the_code_as_it_is(mutation: Mutation) -> None:
    compile(mutation.mutated(), mutation.module, "exec")


@pytest.mark.parametrize("name", soaked(_QUICK, 2))
def test_a_mutation_is_caught(name: str) -> None:
    mutation = next(one for one in MUTATIONS if one.name == name)
    assert catch(mutation).by is not None


def test_a_failing_history_is_printed_and_shrunk() -> None:
    ended = _simulate("--mutation", "a seal without dedupe", "--first")
    assert ended.returncode == 1
    story = ended.stdout
    plan, happened = story.split("what happened:")
    assert len(plan.splitlines()) < 12
    assert "once a day: " in happened.splitlines()[-2]


def test_help_says_what_is_played_and_what_the_status_means() -> None:
    text = _simulate("--help").stdout
    assert "python -m tests.simulation --seeds 0:10000" in text
    assert "Exit status: 0 everything held, 1 something did not, 2 wrong usage." in text


@pytest.mark.parametrize("options", [("--seeds", "many"), ("--mutation", "no such fault")])
def test_wrong_usage_is_status_2(options: tuple[str, str]) -> None:
    assert _simulate(*options).returncode == 2
