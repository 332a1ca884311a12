"""What the tests of the runbook do beside what its pages say."""

from __future__ import annotations

import http.client
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tests.support.alarm import rollback_alarms
from tests.support.e2e.installation import SECONDS
from tests.support.e2e.operator import Operator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from tests.support.e2e.installation import Installation


@contextmanager
def on_call(installation: Installation, name: str, **values: object) -> Iterator[Operator]:
    """Give an operator who is to try all that an alarm's page says."""
    operator = Operator(installation, name, {word: str(value) for word, value in values.items()})
    yield operator
    operator.check_all_tried()


def ecs(wanted: int, running: int) -> dict[str, Any]:
    """Return what ECS says of a service with so many tasks."""
    return {
        "ecs describe-services": {
            "services": [
                {
                    "desiredCount": wanted,
                    "runningCount": running,
                    "deployments": [{"status": "PRIMARY", "rolloutState": "COMPLETED"}],
                }
            ]
        },
        "ecs update-service": {"service": {"status": "ACTIVE"}},
    }


@contextmanager
def edge(operator: Operator, **settings: object) -> Iterator[None]:
    """Let an edge run where the operator looks for it."""
    with operator.installation.edge(**settings) as address:
        operator.values["PORT"] = address.rpartition(":")[2]
        yield


def post(operator: Operator, times: int) -> list[int]:
    """Post so many reports, one after the other; return the statuses."""
    found = []
    for _ in range(times):
        connection = http.client.HTTPConnection(f"127.0.0.1:{operator.values['PORT']}", timeout=SECONDS)
        connection.request("POST", "/v1/metrics", b"{}", {"Content-Type": "application/json"})
        answer = connection.getresponse()
        found.append(answer.status)
        assert (answer.getheader("Retry-After") is None) == (answer.status == HTTPStatus.ACCEPTED)
        connection.close()
    return found


def segments(installation: Installation, day: date) -> list[str]:
    return [key for key in installation.objects() if key.startswith(f"reports/live/dt={day}/")]


def delete(installation: Installation, key: str) -> None:
    installation.cloud.s3.delete_object(Bucket=installation.cloud.resources.bucket, Key=key)


def rolls_back(installation: Installation) -> bool:
    """Say whether a deployment of the edge that is under way would be rolled back, by what its log says."""
    return any(Operator(installation, name).rings() for name in rollback_alarms())
