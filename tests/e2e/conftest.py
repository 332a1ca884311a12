from pathlib import Path

import pytest

from infra.local import resources, system
from tests.conftest import Cloud
from tests.e2e.installation import Installation
from tests.e2e.producer import Producer


@pytest.fixture
def installation(cloud: Cloud, fresh_name: str, tmp_path: Path) -> Installation:
    """Make a stream of two shards, a bucket and a catalog that no other test knows."""
    names = resources.Resources(stream=fresh_name, shards=2, bucket=fresh_name, database=fresh_name)
    made = system.Cloud(cloud.endpoint, names)
    resources.create(names, kinesis=made.kinesis, s3=made.s3, glue=made.glue)
    return Installation(made, tmp_path)


@pytest.fixture
def producer(cloud: Cloud, installation: Installation) -> Producer:
    """Give a producer whose client never tries a second time: it knows of every record on the stream."""
    return Producer(cloud.kinesis, installation.cloud.resources.stream, seed=1)
