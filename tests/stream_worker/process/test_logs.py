from collections.abc import Iterator

import pytest
import structlog

from stream_worker.process import logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_people_are_told_what_to_do_and_not_what_goes_well(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("worker", for_people=True)
    log = structlog.get_logger()
    log.info("segment.committed", records=5)
    log.error("seal.refused", day="2026-11-22", detail="not yet:\n  lag: from here on")
    log.warning("shards.unknown", error="X")
    printed = capsys.readouterr().err
    assert printed == "error: not yet:\n  lag: from here on\nwarning: shards.unknown error=X\n"


def test_machines_get_json(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("worker")
    structlog.get_logger().error("seal.refused", day="2026-11-22")
    assert '"event": "seal.refused"' in capsys.readouterr().err
