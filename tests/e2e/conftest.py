from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.local import resources, system
from tests.conftest import QUICK, SESSION
from tests.support.e2e.installation import Installation
from tests.support.e2e.producer import Producer
from tests.support.kinesis_local.server import start_kinesis_local

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Cloud
    from tests.support.kinesis_local.server import KinesisLocal


@pytest.fixture(scope="session")
def kinesis_local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KinesisLocal]:
    """Start the other Kinesis when the first test asks for it."""
    with start_kinesis_local(tmp_path_factory.mktemp("kinesis-local") / "kinesis-local.log") as started:
        yield started


@pytest.fixture
def emulator() -> str:
    """Say whose Kinesis the installation has: `moto`, or `kinesis-local` if a test's parameter says so."""
    return "moto"


@pytest.fixture
def engine() -> str:
    """Name what the installation's workers run on: `poll`, unless a test's parameter says otherwise."""
    return "poll"


@pytest.fixture
def kinesis_url(emulator: str, request: pytest.FixtureRequest) -> str | None:
    """Give the URL of a Kinesis that is not moto's; asked for by name, so that it starts only then."""
    if emulator == "moto":
        return None
    started: KinesisLocal = request.getfixturevalue("kinesis_local")
    return started.url


@pytest.fixture
def installation(
    cloud: Cloud, fresh_name: str, tmp_path: Path, kinesis_url: str | None, engine: str
) -> Installation:
    """Make a stream of two shards, a bucket and a catalog that no other test knows."""
    names = resources.Resources(stream=fresh_name, shards=2, bucket=fresh_name, database=fresh_name)
    made = system.Cloud(cloud.endpoint, names, kinesis_url)
    resources.create(names, kinesis=made.kinesis, s3=made.s3, glue=made.glue)
    return Installation(made, tmp_path, engine)


@pytest.fixture
def producer(installation: Installation) -> Producer:
    """Give a producer whose client never tries a second time: it knows of every record on the stream."""
    url = installation.cloud.kinesis.meta.endpoint_url
    kinesis = SESSION.client("kinesis", endpoint_url=url, config=QUICK)
    return Producer(kinesis, installation.cloud.resources.stream, seed=1)
