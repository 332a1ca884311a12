"""The CDK app: `python -m infra.deployment.app` writes the templates of both stacks, as cdk.json has it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import App, Tags, Validations
from cdk_nag import AwsSolutionsChecks

from infra.deployment import suppressions
from infra.deployment.choices import DeploymentError, read
from infra.deployment.stacks.data import Data
from infra.deployment.stacks.services import Services

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).parents[2]
"""What the images are built from."""

DATA: Final = "UsageMetricsData"
SERVICES: Final = "UsageMetricsServices"

_USAGE: Final = 2


def build(app: App, context: Mapping[str, object], *, source: Path = ROOT) -> App:
    """Put both stacks into an app, with what checks them; raise `DeploymentError` for a wrong context.

    They name no account and no region, so the templates are the same everywhere: an account is needed only
    when they are deployed.
    """
    deployment = read(context)
    data = Data(app, DATA, deployment=deployment)
    services = Services(app, SERVICES, deployment=deployment, names=data.names, source=source)
    services.add_stack_dependency(data)
    Tags.of(app).add("project", "usage-metrics")
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    spelt = suppressions.rendered(DATA, deployment.application, deployment.database)
    suppressions.acknowledge(app, suppressions.left(DATA, SERVICES, spelt))
    return app


def main() -> None:
    """Synthesize what the CDK's command line has asked for."""
    app = App()
    try:
        build(app, _context(app))
    except DeploymentError as error:
        sys.stderr.write(f"infra: {error}\n")
        sys.exit(_USAGE)
    app.synth()


def _context(app: App) -> dict[str, Any]:
    found: dict[str, Any] = app.node.get_all_context()
    return found


if __name__ == "__main__":
    main()
