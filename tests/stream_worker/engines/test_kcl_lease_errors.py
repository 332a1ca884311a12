"""What DynamoDB refuses is a matter of setup, what it does not answer is an outage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from infra.local.endpoint import CREDENTIAL, REGION
from infra.local.ports import LOOPBACK, reserve
from stream_worker.engines.kcl.leases import LeaseTables
from stream_worker.process.errors import OutageError, SetupError
from tests.support.worker.listed_shards import shard

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

    from stream_worker.process.errors import WorkerError

ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=5)
CALLS: dict[str, Callable[[LeaseTables], object]] = {
    "prepare": lambda tables: tables.prepare([shard(0)], "LATEST"),
    "release": lambda tables: tables.release("w0"),
}


def client(port: int = 1) -> DynamoDBClient:
    session = boto3.Session(CREDENTIAL, CREDENTIAL, region_name=REGION)
    return session.client("dynamodb", endpoint_url=f"http://{LOOPBACK}:{port}", config=ONCE)


@pytest.mark.parametrize("call", CALLS)
def test_a_dynamodb_out_of_reach_is_an_outage(call: str) -> None:
    with reserve() as port, pytest.raises(OutageError, match=r"DynamoDB tables app\*: EndpointConnectionErr"):
        CALLS[call](LeaseTables(client(port), "app"))


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("AccessDeniedException", SetupError),
        ("UnrecognizedClientException", SetupError),
        ("ThrottlingException", OutageError),
        ("InternalServerError", OutageError),
        ("LimitExceededException", OutageError),
    ],
)
@pytest.mark.parametrize(("call", "operation"), [("prepare", "describe_table"), ("release", "scan")])
def test_an_answer_is_told_by_what_to_do_about_it(
    call: str, operation: str, code: str, error: type[WorkerError]
) -> None:
    dynamodb = client()
    with Stubber(dynamodb) as answers:
        answers.add_client_error(operation, code)
        with pytest.raises(error, match=rf"DynamoDB tables app\*: .*{code}"):
            CALLS[call](LeaseTables(dynamodb, "app"))


def test_a_missing_permission_names_the_variable_and_the_permissions() -> None:
    dynamodb = client()
    with Stubber(dynamodb) as answers:
        answers.add_client_error("describe_table", "AccessDeniedException")
        with pytest.raises(SetupError, match="check METRICS_APPLICATION and the task's permissions"):
            LeaseTables(dynamodb, "app").prepare([], "LATEST")
