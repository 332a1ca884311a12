"""The construct of a deployment's nonce: a custom resource, and the function that answers for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import CustomResource, Duration
from constructs import Construct

from infra.reporter.code import python

if TYPE_CHECKING:
    from aws_cdk.aws_logs import ILogGroup

_PATIENCE_MINUTES: Final = 10
"""Should no answer come at all: the time of Lambda's retries, not the hour that CloudFormation would wait."""


class Nonce(Construct):
    """A random number for as long as the stack lives, and the minute of the day that follows from it.

    The resource has no properties, so no deployment ever updates it. CloudFormation finds the function by its
    ARN and refuses another: neither this construct's path nor the function's id may change.
    """

    def __init__(self, scope: Construct, construct_id: str, *, logs: ILogGroup) -> None:
        super().__init__(scope, construct_id)
        patience = Duration.minutes(_PATIENCE_MINUTES)
        function = python(
            self,
            "Function",
            handler="nonce.handle",
            logs=logs,
            grants=(),
            timeout=Duration.minutes(1),
            retries=2,
            event_age=patience,
        )
        resource = CustomResource(
            self,
            "Resource",
            resource_type="Custom::UsageReporterNonce",
            service_token=function.function_arn,
            service_timeout=patience,
        )
        self.value = resource.get_att_string("Nonce")
        self.schedule_expression = resource.get_att_string("ScheduleExpression")
