from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.local.filling.target import Target
from infra.local.resources import Resources, create
from infra.local.system import Cloud

if TYPE_CHECKING:
    from tests import conftest


@pytest.fixture
def target(cloud: conftest.Cloud, fresh_name: str) -> Target:
    """Make a stream of two shards, a bucket and a catalog that no other test knows."""
    names = Resources(stream=fresh_name, shards=2, bucket=fresh_name, database=fresh_name)
    made = Target.of(Cloud(cloud.endpoint, names))
    create(names, kinesis=made.kinesis, s3=made.s3, glue=made.glue)
    return made
