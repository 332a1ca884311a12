"""The stacks' templates, as `make synth` writes them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Final

from infra.local.system import clean_environment

ROOT: Final = Path(__file__).parents[2]
DATA: Final = "UsageMetricsData"
SERVICES: Final = "UsageMetricsServices"

_SECONDS: Final = 240

Template = dict[str, Any]


@cache
def templates() -> dict[str, Template]:
    """Return both templates by the stack's name; the app runs as the CDK's command line runs it."""
    with tempfile.TemporaryDirectory() as folder:
        # jsii takes the first Node.js that it finds: the one of the lock.
        path = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"
        context = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]
        environment = clean_environment() | {
            "PATH": path,
            "CDK_OUTDIR": folder,
            "CDK_CONTEXT_JSON": json.dumps(context),
        }
        made = subprocess.run(
            [sys.executable, "-m", "infra.deployment.app"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        return {
            name: json.loads((Path(folder) / f"{name}.template.json").read_text("utf-8"))
            for name in (DATA, SERVICES)
        }


def resources(template: Template, kind: str) -> dict[str, Any]:
    """Return the properties of a template's resources of a type, by logical id."""
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def container(name: str) -> dict[str, Any]:
    """Return the container definition of a task: `edge`, `worker` or `days`."""
    tasks = resources(templates()[SERVICES], "AWS::ECS::TaskDefinition").values()
    (found,) = (
        one for task in tasks for one in task["ContainerDefinitions"] if one["Name"] == name
    )  # fmt: skip
    definition: dict[str, Any] = found
    return definition
