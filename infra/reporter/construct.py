"""The construct that a CDK app adds so that its deployments report their usage once a day."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aws_cdk import Duration, RemovalPolicy, Token
from aws_cdk.aws_events import Rule, Schedule
from aws_cdk.aws_events_targets import LambdaFunction
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_logs import LogGroup, RetentionDays
from constructs import Construct

from infra.reporter import endpoint as endpoint_rule
from infra.reporter import near_miss
from infra.reporter.code import python
from infra.reporter.function.usage_reporter import version as version_rule
from infra.reporter.nonce import Nonce
from infra.reporter.opt_out import disabled

if TYPE_CHECKING:
    from collections.abc import Sequence


class UsageReporter(Construct):
    """Reports once a day to `endpoint`, unless the context switches it off: then there is no resource at all.

    Raises `ValueError` for a property that cannot be right, and for a context key that is nearly the switch.

    endpoint: the https URL that takes reports. Its path ends with `/v1/metrics`; it may have tokens.
    version: the product's version: a semantic one, of at most 64 characters. It may be a token.
    namespace: where in CloudWatch the product publishes its six counters, under the names of the report.
    dimension_sets: which of their metrics count, by the names of their dimensions. None given, all do. A
        product that publishes the same calls twice, say by [service] and by [service, function], must name
        one of them, or each call counts twice: CloudWatch does not say what is another metric's roll-up.
    """

    def __init__(  # noqa: PLR0913 - what there is to say
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint: str,
        version: str,
        namespace: str,
        dimension_sets: Sequence[Sequence[str]] = (),
        log_retention: RetentionDays = RetentionDays.ONE_MONTH,
    ) -> None:
        super().__init__(scope, construct_id)
        if disabled(self.node):
            return
        near_miss.refuse(self.node)
        endpoint_rule.check(self, endpoint)
        if not Token.is_unresolved(version):
            version_rule.check(version)  # the function checks one with tokens
        logs = LogGroup(self, "Logs", retention=log_retention, removal_policy=RemovalPolicy.DESTROY)
        nonce = Nonce(self, "Nonce", logs=logs)
        function = python(
            self,
            "Function",
            handler="handler.handle",
            logs=logs,
            # Neither action knows a resource (service authorization reference of CloudWatch).
            grants=[
                PolicyStatement(
                    actions=["cloudwatch:GetMetricData", "cloudwatch:ListMetrics"], resources=["*"]
                )
            ],
            timeout=Duration.minutes(15),
            retries=0,  # it has tried for long enough
            event_age=Duration.minutes(2),
            environment={
                "REPORT_ENDPOINT": endpoint,
                "REPORT_VERSION": version,
                "REPORT_NONCE": nonce.value,
                "REPORT_NAMESPACE": namespace,
                "REPORT_DIMENSION_SETS": json.dumps([list(names) for names in dimension_sets]),
            },
        )
        Rule(
            self,
            "Daily",
            schedule=Schedule.expression(nonce.schedule_expression),
            targets=[LambdaFunction(function, retry_attempts=2, max_event_age=Duration.minutes(2))],
        )
