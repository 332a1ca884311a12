"""An operator's choices change what they say they change; a wrong one is told before anything is made."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from cfnlint import api
from cfnlint.config import ManualArgs

from infra.deployment.choices import DeploymentError
from tests.infra.deployment.conftest import CHOICES
from tests.support.deployment.variant import synthesize
from tests.support.soak import soaked
from tests.support.synthesis import DATA, ROOT, SERVICES, resources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.infra.deployment.conftest import Variants

REGIONS = ["us-east-1", "eu-central-1"]

TRIED = ["defaults", "a domain and logs"]
VARIANTS = soaked([*TRIED, *(name for name in CHOICES if name not in TRIED)], len(TRIED))


@pytest.mark.parametrize("name", VARIANTS)
def test_cdk_nag_finds_nothing_but_what_was_left_with_a_reason(variants: Variants, name: str) -> None:
    assert variants(name).broken == []


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("stack", [DATA, SERVICES])
def test_cfn_lint_finds_nothing(variants: Variants, name: str, stack: str) -> None:
    template = (variants(name).folder / f"{stack}.template.json").read_text("utf-8")
    assert [str(found) for found in api.lint(template, config=ManualArgs(regions=REGIONS))] == []


def test_a_stream_on_demand_has_no_shards_to_choose(variants: Variants) -> None:
    stream = variants("on demand").one("AWS::Kinesis::Stream")
    assert stream["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert "ShardCount" not in stream
    assert stream["RetentionPeriodHours"] == 168


def test_tasks_and_images_are_for_the_processor_that_was_chosen(variants: Variants) -> None:
    for name, cpu, platform in (
        ("defaults", "ARM64", "linux/arm64"),
        ("on demand", "X86_64", "linux/amd64"),
    ):
        variant = variants(name)
        tasks = resources(variant.services, "AWS::ECS::TaskDefinition").values()
        assert {task["RuntimePlatform"]["CpuArchitecture"] for task in tasks} == {cpu}
        assets = (variant.folder / f"{SERVICES}.assets.json").read_text("utf-8")
        assert assets.count(f'"platform": "{platform}"') == 2


def test_more_shards_may_have_more_workers(variants: Variants) -> None:
    targets = resources(variants("logs").services, "AWS::ApplicationAutoScaling::ScalableTarget")
    assert [one["MaxCapacity"] for name, one in targets.items() if name.startswith("Worker")] == [4]


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"metrics:shardz": "2"}, "metrics:shardz"),
        ({"metrics:shards": "none"}, "metrics:shards"),
        ({"metrics:domain_name": "reports.example.org"}, "hosted_zone_id"),
        ({"metrics:log_days": "8"}, "metrics:log_days: 8 .* 7, 14"),
    ],
)
def test_a_wrong_choice_is_told_by_its_key(tmp_path: Path, choices: dict[str, object], told: str) -> None:
    with pytest.raises(DeploymentError, match=told):
        synthesize(tmp_path, choices)


def test_no_account_means_no_diff_and_one_line_that_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    asked = subprocess.run(
        [sys.executable, "-m", "infra.deployment.account"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert asked.returncode == 2
    assert asked.stderr.startswith("no AWS credentials: set AWS_PROFILE")


def test_each_finding_that_is_left_is_found_somewhere_and_has_a_reason(variants: Variants) -> None:
    from infra.deployment import suppressions  # noqa: PLC0415 - it starts Node.js

    paths = set()
    for name in CHOICES:
        tree = json.loads((variants(name).folder / "tree.json").read_text("utf-8"))["tree"]
        paths |= set(paths_of(tree))
    names = suppressions.rendered(DATA, "metrics-worker", "metrics")
    left = list(suppressions.left(DATA, SERVICES, names))
    assert [one for one in left if one.path not in paths] == []
    assert all(one.reason.endswith(".") for one in left)


def paths_of(tree: dict[str, Any]) -> Iterator[str]:
    yield tree["path"]
    for child in tree.get("children", {}).values():
        yield from paths_of(child)
