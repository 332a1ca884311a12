"""The stacks under other choices than the defaults, synthesized in this process."""

from __future__ import annotations

import json
import os
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.synthesis import DATA, ROOT, SERVICES, resources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.synthesis import Template


@dataclass(frozen=True)
class Variant:
    """Both templates, and the rules of cdk-nag that were found broken though nobody has left them so."""

    folder: Path
    data: Template
    services: Template
    broken: list[str]

    def one(self, kind: str) -> dict[str, Any]:
        """Return the properties of the one resource of a type."""
        (found,) = {**resources(self.data, kind), **resources(self.services, kind)}.values()
        properties: dict[str, Any] = found
        return properties

    def kinds(self) -> set[str]:
        """Return the types of all resources."""
        both = (self.data, self.services)
        return {resource["Type"] for template in both for resource in template["Resources"].values()}


def synthesize(folder: Path, choices: Mapping[str, object]) -> Variant:
    """Synthesize what these choices (`metrics:…`) make; raise `DeploymentError` as the app does."""
    # jsii takes the Node.js that it is told: the one of the lock.
    os.environ["JSII_NODE"] = str(Path(sysconfig.get_path("scripts")) / "node")
    from aws_cdk import App  # noqa: PLC0415 - it starts Node.js

    from infra.deployment.app import build  # noqa: PLC0415 - as above

    flags = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]
    app = App(outdir=str(folder), context=flags, analytics_reporting=False)
    build(app, choices)
    try:
        app.synth()
    except RuntimeError as error:
        if "Validation failed" not in str(error):
            raise
    data, services = (
        json.loads((folder / f"{name}.template.json").read_text("utf-8")) for name in (DATA, SERVICES)
    )
    return Variant(folder, data, services, _broken(folder))


def _broken(folder: Path) -> list[str]:
    report = folder / "validation-report.json"
    if not report.exists():
        return []
    return [
        f"{violation['ruleName']}: {construct['constructPath']}"
        for plugin in json.loads(report.read_text("utf-8"))["pluginReports"]
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
    ]
