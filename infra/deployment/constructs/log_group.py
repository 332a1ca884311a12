"""Log groups, which forget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs

from infra.deployment.choices import PREFIX, DeploymentError

if TYPE_CHECKING:
    from constructs import Construct

_DAYS = logs.RetentionDays
_RETENTION: Final = {
    1: _DAYS.ONE_DAY,
    3: _DAYS.THREE_DAYS,
    5: _DAYS.FIVE_DAYS,
    7: _DAYS.ONE_WEEK,
    14: _DAYS.TWO_WEEKS,
    30: _DAYS.ONE_MONTH,
    60: _DAYS.TWO_MONTHS,
    90: _DAYS.THREE_MONTHS,
    180: _DAYS.SIX_MONTHS,
    365: _DAYS.ONE_YEAR,
}
"""CloudWatch keeps logs for certain numbers of days alone."""


def log_group(scope: Construct, *, days: int) -> logs.LogGroup:
    """Make a log group that goes with its stack: no line holds what is not in the lake as well."""
    if days not in _RETENTION:
        known = ", ".join(map(str, _RETENTION))
        raise DeploymentError(
            f"{PREFIX}log_days: {days} is not a retention that CloudWatch has; choose one of: {known}"
        )
    return logs.LogGroup(scope, "Logs", retention=_RETENTION[days], removal_policy=RemovalPolicy.DESTROY)
