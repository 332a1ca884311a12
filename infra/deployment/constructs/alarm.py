"""An alarm, and the page of the runbook that it sends an operator to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aws_cdk import aws_sns as sns
    from constructs import Construct

RUNBOOK: Final = "infra/runbook.md"

MISSING_IS_WRONG: Final = cloudwatch.TreatMissingData.BREACHING
MISSING_IS_WELL: Final = cloudwatch.TreatMissingData.NOT_BREACHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """It rings when, of the last `of` periods of its metric, `after` are not as they should be.

    `name` is the heading of its section in the runbook, and never changes.
    """

    name: str
    says: str
    metric: cloudwatch.IMetric
    above: float | None = None
    below: float | None = None
    of: int
    after: int
    missing: cloudwatch.TreatMissingData


def alarm_name(application: str, name: str) -> str:
    """Return the name of an alarm in an account, where several installations may have one."""
    return f"{application}-{name}"


def make(
    scope: Construct, alarms: Iterable[Alarm], *, application: str, topic: sns.ITopic
) -> dict[str, cloudwatch.Alarm]:
    """Make the alarms, by name; each notifies the topic when it begins and when it ends."""
    compare = cloudwatch.ComparisonOperator
    made = {}
    for alarm in alarms:
        rising = alarm.above is not None
        one = cloudwatch.Alarm(
            scope,
            "".join(part.title() for part in alarm.name.split("-")),
            alarm_name=alarm_name(application, alarm.name),
            alarm_description=f"{alarm.says} What to do: {RUNBOOK}#{alarm.name}",
            metric=alarm.metric,
            threshold=alarm.above if alarm.above is not None else alarm.below or 0,
            comparison_operator=compare.GREATER_THAN_THRESHOLD if rising else compare.LESS_THAN_THRESHOLD,
            evaluation_periods=alarm.of,
            datapoints_to_alarm=alarm.after,
            treat_missing_data=alarm.missing,
        )
        one.add_alarm_action(actions.SnsAction(topic))
        one.add_ok_action(actions.SnsAction(topic))
        made[alarm.name] = one
    return made
