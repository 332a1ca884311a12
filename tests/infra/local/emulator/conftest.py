from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.local.endpoint import start_cloud
from tests.conftest import Cloud
from tests.support.local.fault_client import KEY

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="package")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Start a cloud of this package's own: what is broken here must not be broken for others."""
    with start_cloud(tmp_path_factory.mktemp("faulty") / "cloud.log") as endpoint:
        yield Cloud(endpoint)


@pytest.fixture
def table(cloud: Cloud, fresh_name: str) -> str:
    cloud.dynamodb.create_table(
        TableName=fresh_name,
        KeySchema=[{"AttributeName": KEY, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": KEY, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return fresh_name
