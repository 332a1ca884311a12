"""A function of the reporter: the Lambda folder's code, and a role for its log and for what it is given."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from aws_cdk import Acknowledgment, Duration, IgnoreMode, Validations
from aws_cdk.aws_iam import PolicyDocument, PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_lambda import Architecture, Code, Function, Runtime

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk.aws_logs import ILogGroup
    from constructs import Construct

FOLDER: Final = Path(__file__).parent / "function"

_RUNTIME_REASON: Final = (
    "Python 3.13 gets security updates until 2029 (PEP 719); the code uses nothing newer."
)
_RESOURCE_REASON: Final = "CloudWatch's ListMetrics and GetMetricData know no resources."


def python(  # noqa: PLR0913 - what a function is made of
    scope: Construct,
    construct_id: str,
    *,
    handler: str,
    logs: ILogGroup,
    grants: Sequence[PolicyStatement],
    timeout: Duration,
    retries: int,
    event_age: Duration,
    environment: Mapping[str, str] | None = None,
) -> Function:
    """Make the function.

    No reserved concurrency: it would be taken from the account, whose limit may be so low (ten, in a new one)
    that the deployment fails.
    """
    own_log = PolicyStatement(
        actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[logs.log_group_arn]
    )
    role = Role(
        scope,
        f"{construct_id}Role",
        assumed_by=ServicePrincipal("lambda.amazonaws.com"),
        # Inline: it is there before the function is, and no managed policy lets it write to other logs.
        inline_policies={"Reporter": PolicyDocument(statements=[own_log, *grants])},
    )
    function = Function(
        scope,
        construct_id,
        code=Code.from_asset(
            str(FOLDER), exclude=["/__init__.py", "__pycache__", "*.pyc"], ignore_mode=IgnoreMode.GIT
        ),
        handler=f"usage_reporter.{handler}",
        runtime=Runtime.PYTHON_3_13,
        architecture=Architecture.ARM_64,
        memory_size=256,
        timeout=timeout,
        retry_attempts=retries,
        max_event_age=event_age,
        log_group=logs,
        role=role,
        environment=dict(environment or {}),
    )
    Validations.of(function).acknowledge(Acknowledgment(id="AwsSolutions-L1", reason=_RUNTIME_REASON))
    if any("*" in grant.resources for grant in grants):
        Validations.of(role).acknowledge(
            Acknowledgment(id="AwsSolutions-IAM5[Resource::*]", reason=_RESOURCE_REASON)
        )
    return function
