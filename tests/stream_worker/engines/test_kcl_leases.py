"""The lease tables on the emulated DynamoDB, cut off and interleaved by a client that stands before it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from stream_worker.engines.kcl.leases import MODE, LeaseTables, lease
from tests.support.worker.listed_shards import shard

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.conftest import Cloud

TWO = [shard(0), shard(1)]


class Before:
    """A client that calls `act` with each operation's name before it is done."""

    def __init__(self, dynamodb: DynamoDBClient, act: Callable[[str], None]) -> None:
        self._dynamodb = dynamodb
        self._act = act

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the client has
        if name not in {"create_table", "put_item", "update_item"}:
            return getattr(self._dynamodb, name)

        def call(**arguments: Any) -> Any:  # noqa: ANN401 - the client's own
            self._act(name)
            return getattr(self._dynamodb, name)(**arguments)

        return call


class CutError(BaseException):
    """The process ends here."""


@dataclass
class Scissors:
    """Cuts a process off before its write number `before`, from 1."""

    before: int = 0
    writes: list[str] = field(default_factory=list)

    def __call__(self, name: str) -> None:
        self.writes.append(name)
        if len(self.writes) == self.before:
            raise CutError


def content(dynamodb: DynamoDBClient, table: str) -> list[dict[str, Any]]:
    """Return a table's items, without the time at which the mode was set."""
    items = dynamodb.scan(TableName=table, ConsistentRead=True)["Items"]
    return sorted(({**item, "mts": None} for item in items), key=repr)


def whole(dynamodb: DynamoDBClient, application: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return content(dynamodb, application), content(dynamodb, f"{application}-CoordinatorState")


def own(dynamodb: DynamoDBClient, application: str, number: int, owner: str) -> None:
    """Take a lease as a daemon does."""
    dynamodb.update_item(
        TableName=application,
        Key={"leaseKey": {"S": f"shardId-{number:012d}"}},
        UpdateExpression="SET leaseOwner = :owner ADD leaseCounter :one",
        ExpressionAttributeValues={":owner": {"S": owner}, ":one": {"N": "1"}},
    )


def owners(dynamodb: DynamoDBClient, application: str) -> dict[str, str | None]:
    items = dynamodb.scan(TableName=application, ConsistentRead=True)["Items"]
    return {item["leaseKey"]["S"]: item.get("leaseOwner", {}).get("S") for item in items}


def test_a_first_start_makes_tables_leases_and_mode(cloud: Cloud, fresh_name: str) -> None:
    LeaseTables(cloud.dynamodb, fresh_name).prepare(TWO, "TRIM_HORIZON")
    leases, state = whole(cloud.dynamodb, fresh_name)
    assert leases == [lease(each, "TRIM_HORIZON") | {"mts": None} for each in TWO]
    assert state == [
        {"key": {"S": "Migration3.0"}, "cv": {"S": MODE}, "mb": {"S": "stream-worker"}, "mts": None}
    ]
    for table, key in ((fresh_name, "leaseKey"), (f"{fresh_name}-CoordinatorState", "key")):
        made = cloud.dynamodb.describe_table(TableName=table)["Table"]
        assert made["KeySchema"] == [{"AttributeName": key, "KeyType": "HASH"}]
        assert made["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_the_mode_comes_last(cloud: Cloud, fresh_name: str) -> None:
    scissors = Scissors()
    LeaseTables(Before(cloud.dynamodb, scissors), fresh_name).prepare(TWO, "LATEST")  # type: ignore[arg-type] # stands in for the client
    assert scissors.writes == ["create_table", "create_table", "put_item", "put_item", "put_item"]


@pytest.mark.parametrize("before", range(1, 6))
def test_cut_off_before_any_write_and_done_again_it_is_whole(
    cloud: Cloud, fresh_name: str, before: int
) -> None:
    cut = LeaseTables(Before(cloud.dynamodb, Scissors(before)), fresh_name)  # type: ignore[arg-type] # stands in for the client
    with pytest.raises(CutError):
        cut.prepare(TWO, "TRIM_HORIZON")
    LeaseTables(cloud.dynamodb, fresh_name).prepare(TWO, "TRIM_HORIZON")
    untouched = f"{fresh_name}-x"
    LeaseTables(cloud.dynamodb, untouched).prepare(TWO, "TRIM_HORIZON")
    assert whole(cloud.dynamodb, fresh_name) == whole(cloud.dynamodb, untouched)


def test_two_workers_at_once_make_one_of_each(cloud: Cloud, fresh_name: str) -> None:
    barrier = Barrier(2)

    def start() -> None:
        def together(_: str) -> None:
            barrier.wait(30)

        LeaseTables(Before(cloud.dynamodb, together), fresh_name).prepare(TWO, "TRIM_HORIZON")  # type: ignore[arg-type] # stands in for the client

    with ThreadPoolExecutor(2) as workers:
        for worker in [workers.submit(start) for _ in range(2)]:
            worker.result()
    leases, state = whole(cloud.dynamodb, fresh_name)
    assert (len(leases), len(state)) == (2, 1)


def test_a_table_that_another_worker_is_just_making_is_waited_for(cloud: Cloud, fresh_name: str) -> None:
    waited = []

    class Creating(Before):
        def describe_table(self, **arguments: Any) -> Any:  # noqa: ANN401 - the client's own
            found = cloud.dynamodb.describe_table(**arguments)
            return {"Table": found["Table"] | {"TableStatus": "CREATING"}}

        def get_waiter(self, name: str) -> Any:  # noqa: ANN401 - the client's own
            waited.append(name)
            return cloud.dynamodb.get_waiter("table_exists")

    LeaseTables(cloud.dynamodb, fresh_name).prepare(TWO, "LATEST")
    LeaseTables(Creating(cloud.dynamodb, lambda _: None), fresh_name).prepare(TWO, "LATEST")  # type: ignore[arg-type] # stands in for the client
    assert waited == ["table_exists"] * 2


def test_an_application_with_a_mode_is_left_as_it_is(cloud: Cloud, fresh_name: str) -> None:
    tables = LeaseTables(cloud.dynamodb, fresh_name)
    tables.prepare(TWO[:1], "TRIM_HORIZON")
    before = whole(cloud.dynamodb, fresh_name)
    tables.prepare([*TWO, shard(2)], "LATEST")
    assert whole(cloud.dynamodb, fresh_name) == before


@pytest.mark.parametrize("sign", ["owner", "counter"])
def test_an_application_whose_leases_are_in_use_is_left_as_it_is(
    cloud: Cloud, fresh_name: str, sign: str
) -> None:
    with pytest.raises(CutError):
        LeaseTables(Before(cloud.dynamodb, Scissors(4)), fresh_name).prepare(TWO, "LATEST")  # type: ignore[arg-type] # stands in for the client
    own(cloud.dynamodb, fresh_name, 0, "w0")
    if sign == "counter":
        LeaseTables(cloud.dynamodb, fresh_name).release("w0")
    before = whole(cloud.dynamodb, fresh_name)
    LeaseTables(cloud.dynamodb, fresh_name).prepare(TWO, "LATEST")
    assert whole(cloud.dynamodb, fresh_name) == before


def test_release_takes_a_dead_worker_off_its_own_leases_alone(cloud: Cloud, fresh_name: str) -> None:
    tables = LeaseTables(cloud.dynamodb, fresh_name)
    tables.prepare([shard(number) for number in range(4)], "LATEST")
    for number, owner in enumerate(["dead", "alive", "dead"]):
        own(cloud.dynamodb, fresh_name, number, owner)
    before = {item["leaseKey"]["S"]: item for item in content(cloud.dynamodb, fresh_name)}
    assert tables.release("dead") == 2
    assert list(owners(cloud.dynamodb, fresh_name).values()).count("alive") == 1
    for item in content(cloud.dynamodb, fresh_name):
        was = before[item["leaseKey"]["S"]]
        if was.get("leaseOwner") == {"S": "dead"}:
            del was["leaseOwner"]
            was["leaseCounter"] = {"N": "2"}
        assert item == was
    assert tables.release("dead") == 0


def test_release_leaves_a_lease_that_was_taken_meanwhile(cloud: Cloud, fresh_name: str) -> None:
    LeaseTables(cloud.dynamodb, fresh_name).prepare(TWO, "LATEST")
    for number in range(2):
        own(cloud.dynamodb, fresh_name, number, "dead")

    def steal(_: str) -> None:
        own(cloud.dynamodb, fresh_name, 1, "thief")

    assert LeaseTables(Before(cloud.dynamodb, steal), fresh_name).release("dead") == 1  # type: ignore[arg-type] # stands in for the client
    found = owners(cloud.dynamodb, fresh_name)
    assert found == {"shardId-000000000000": None, "shardId-000000000001": "thief"}
