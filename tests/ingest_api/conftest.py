"""The application by itself; for whole processes a stub of Kinesis and an edge, one pair a module."""

from collections.abc import Iterator

import pytest

from tests.support.edge.edge import Edge, running
from tests.support.edge.kinesis_stub import KinesisStub, serving
from tests.support.edge.parts import Parts


@pytest.fixture(scope="module")
def served_stub() -> Iterator[KinesisStub]:
    with serving(KinesisStub()) as stub:
        yield stub


@pytest.fixture
def stub(served_stub: KinesisStub) -> KinesisStub:
    served_stub.reset()
    return served_stub


@pytest.fixture(scope="module")
def edge(served_stub: KinesisStub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with running(served_stub.port, tmp_path_factory.mktemp("edge")) as edge:
        yield edge


@pytest.fixture
def parts() -> Iterator[Parts]:
    made = Parts()
    yield made
    made.publisher.close()
