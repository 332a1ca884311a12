"""What the reporter's role allows is what the reporter calls, both ways."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3

from infra.local.endpoint import REGION
from infra.reporter.function.usage_reporter.counters import count
from infra.reporter.function.usage_reporter.day import Day
from tests.support.local.control import calls_of
from tests.support.reporter.published import ZEROS, Published
from tests.support.reporter.template import foreign_app, synthesize

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_cloudwatch import CloudWatchClient

    from tests.conftest import Cloud

SERVICES = {"monitoring": "cloudwatch"}
"""By the name that requests are signed for: the one of IAM's actions."""


def test_the_role_allows_what_is_called_and_nothing_else(
    cloud: Cloud, cloudwatch: CloudWatchClient, fresh_name: str, tmp_path: Path
) -> None:
    day = Day.before(datetime(2026, 3, 7, 13, 7, tzinfo=UTC))
    Published(cloudwatch, fresh_name, day).put("tokenizeSuccess", 1, function="a")
    ours = boto3.client(
        "cloudwatch",
        endpoint_url=cloud.url,
        region_name=REGION,
        aws_access_key_id=fresh_name,
        aws_secret_access_key=fresh_name,
    )
    assert count(ours, fresh_name, frozenset(), day) == ZEROS | {"tokenizeSuccess": 1}
    called = {f"{SERVICES[service]}:{name}" for service, name, _ in calls_of(cloud.url, fresh_name)}
    statements = synthesize(foreign_app(tmp_path)).statements("usage_reporter.handler.handle")
    allowed = {action for one in statements for action in one["Action"]}
    # Lambda itself writes the log, by the function's role.
    assert allowed - {"logs:CreateLogStream", "logs:PutLogEvents"} == called
