"""An operator's choices: what they may be, and what the page on deploying says of them."""

from __future__ import annotations

import re

import pytest

from infra.deployment.choices import Architecture, Deployment, DeploymentError, StreamMode, read
from tests.support.pages import INFRA


def test_without_choices_the_defaults_hold() -> None:
    assert read({"@aws-cdk/core:something": True}) == Deployment.model_validate({})


def test_a_choice_may_come_as_text_as_it_does_from_a_command_line() -> None:
    given = {"metrics:shards": "2", "metrics:access_logs": "true", "metrics:architecture": "x86_64"}
    found = read(given | {"metrics:worker_memory": "2048"})
    assert (found.shards, found.access_logs, found.architecture) == (2, True, Architecture.X86_64)
    assert found.worker_most_tasks == 2


def test_a_stream_on_demand_begins_with_four_shards_and_may_have_as_many_workers() -> None:
    found = read({"metrics:stream_mode": "on-demand", "metrics:worker_memory": 2048})
    assert (found.stream_mode, found.worker_most_tasks) == (StreamMode.ON_DEMAND, 4)


@pytest.mark.parametrize(
    ("context", "told"),
    [
        ({"metrics:shard": 2}, "metrics:shard"),
        ({"metrics:shards": 0}, "metrics:shards"),
        ({"metrics:retention_hours": 12}, "metrics:retention_hours"),
        ({"metrics:stream_mode": "both"}, "metrics:stream_mode"),
        ({"metrics:domain_name": "metrics.example.org"}, "hosted_zone_id"),
        ({"metrics:certificate_arn": "arn:aws:acm:::x"}, "domain_name"),
        (
            {"metrics:shards": 2},
            "worker_memory 1024 is too little for 2 shards on 1 tasks: set at least 1074 MiB",
        ),
        ({"metrics:stream_mode": "on-demand"}, "worker_memory 1024 is too little for 4 shards"),
        ({"metrics:edge_memory": 600}, "edge_cpu 256 with edge_memory 600 is not a Fargate task size"),
    ],
)
def test_what_cannot_be_is_refused_by_name(context: dict[str, object], told: str) -> None:
    with pytest.raises(DeploymentError, match=told):
        read(context)


def test_the_page_has_every_choice_with_its_default() -> None:
    section = INFRA.section("Deploying")
    told: dict[str, str] = {}
    for names, defaults in re.findall(r"^\| (`[a-z_`, ]+`) \| ([^|]+) \|", section, re.MULTILINE):
        told |= dict(zip(re.findall(r"[a-z_]+", names), re.split(r", ", defaults), strict=True))
    expected = {
        name: {None: "none", False: "false"}.get(value, str(value))
        for name, value in read({}).model_dump(mode="json").items()
    }
    assert {name: default.strip("`") for name, default in told.items()} == expected
