"""What the questions read of a bucket: pieces of objects, and no body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.analytics.bucket import Bucket
from infra.analytics.engine import Engine
from infra.analytics.questions import QUESTIONS
from stream_worker.lake.s3_store import S3Lake
from stream_worker.publication.glue import GlueCatalog
from tests.strangers.test_audit_memory import SEGMENT_BYTES, SEGMENTS, commit
from tests.strangers.worst_bodies import KIB, noise

if TYPE_CHECKING:
    import pytest

    from tests.conftest import Cloud


def test_bodies_are_left_in_the_bucket(
    cloud: Cloud, bucket: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = commit(S3Lake(cloud.s3, bucket), GlueCatalog(cloud.glue, database, bucket), noise)
    for name, value in cloud.endpoint.environment.items():
        monkeypatch.setenv(name, value)
    place, pieces = Bucket(bucket, database), list[int]()

    def note(params: dict[str, Any], **_: object) -> None:
        start, end = params["Range"].removeprefix("bytes=").split("-")
        pieces.append(int(end) - int(start) + 1)

    place.filesystem.client.meta.events.register("provide-client-params.s3.GetObject", note)
    with Engine(place) as engine:
        answers = {name: engine.ask(question).rows for name, question in QUESTIONS.items()}
    assert sum(row[3] for row in answers["rejects_by_rule"]) == expected
    assert max(pieces) <= 256 * KIB
    assert sum(pieces) <= SEGMENTS * SEGMENT_BYTES // 16
