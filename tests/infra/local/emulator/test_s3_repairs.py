"""S3 as the commit needs it: one winner, no half objects, nothing seen before it is whole."""

from __future__ import annotations

import io
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError
from moto.moto_server.werkzeug_app import create_backend_app
from moto.s3.models import S3Backend, s3_backends

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.conftest import Cloud


def put_if_new(cloud: Cloud, bucket: str, key: str, owner: str) -> bool:
    try:
        cloud.s3.put_object(
            Bucket=bucket, Key=key, Body=owner.encode(), IfNoneMatch="*", Metadata={"owner": owner}
        )
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 412:
            raise
        return False
    return True


def test_a_second_conditional_put_is_refused(cloud: Cloud, bucket: str) -> None:
    assert put_if_new(cloud, bucket, "k", "first")
    assert not put_if_new(cloud, bucket, "k", "second")
    assert cloud.s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"first"


def test_of_many_conditional_puts_at_once_exactly_one_wins(cloud: Cloud, bucket: str) -> None:
    with ThreadPoolExecutor(8) as threads:
        for turn in range(25):
            together = threading.Barrier(8)

            def race(owner: str, key: str = f"k{turn}", together: threading.Barrier = together) -> bool:
                together.wait()
                return put_if_new(cloud, bucket, key, owner)

            won = list(threads.map(race, "abcdefgh"))
            assert won.count(True) == 1
            winner = "abcdefgh"[won.index(True)]
            assert cloud.s3.head_object(Bucket=bucket, Key=f"k{turn}")["Metadata"] == {"owner": winner}


def test_who_lost_finds_the_winners_metadata_at_once(cloud: Cloud, bucket: str) -> None:
    def look(key: str) -> dict[str, str]:
        put_if_new(cloud, bucket, key, "somebody")
        return cloud.s3.head_object(Bucket=bucket, Key=key)["Metadata"]

    with ThreadPoolExecutor(4) as threads:
        seen = list(threads.map(look, [f"k{index // 4}" for index in range(100)]))
    assert seen == [{"owner": "somebody"}] * 100


def test_a_put_that_breaks_off_leaves_nothing(cloud: Cloud, bucket: str) -> None:
    place = urlsplit(cloud.url)
    head = (
        f"PUT /{bucket}/half HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Length: 1000000\r\nAuthorization: "
        "AWS4-HMAC-SHA256 Credential=a/20250101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    )
    with socket.create_connection((place.hostname, place.port)) as connection:
        connection.sendall(head.encode() + b"\r\n\r\n" + b"x" * 400_000)
        time.sleep(0.1)
    time.sleep(0.2)
    assert cloud.s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert put_if_new(cloud, bucket, "half", "whole")


def test_a_large_object_and_its_metadata_come_back(cloud: Cloud, bucket: str) -> None:
    body = os.urandom(16 * 1024 * 1024)
    metadata = {
        "last": "49590338:0",
        "counts": '{"accepted": 1}',
        "first-arrival": "2026-11-23T00:00:00.123Z",
    }
    cloud.s3.put_object(Bucket=bucket, Key="k", Body=body, IfNoneMatch="*", Metadata=metadata)
    head = cloud.s3.head_object(Bucket=bucket, Key="k")
    assert (head["ContentLength"], head["Metadata"]) == (len(body), metadata)
    assert cloud.s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body


def test_a_listing_has_pages_folds_folders_and_bears_puts_in_between(cloud: Cloud, bucket: str) -> None:
    names = [f"live/dt={index % 3}/{index:04d}" for index in range(105)]
    with ThreadPoolExecutor(4) as threads:
        listings = threads.submit(lambda: [cloud.s3.list_objects_v2(Bucket=bucket) for _ in range(20)])
        list(threads.map(lambda name: cloud.s3.put_object(Bucket=bucket, Key=name), names))
        assert {listing["MaxKeys"] for listing in listings.result()} == {1_000}
    paginator = cloud.s3.get_paginator("list_objects_v2")
    pages = list(paginator.paginate(Bucket=bucket, Prefix="live/", PaginationConfig={"PageSize": 50}))
    assert [page["KeyCount"] for page in pages] == [50, 50, 5]
    assert [entry["Key"] for page in pages for entry in page["Contents"]] == sorted(names)
    folders = cloud.s3.list_objects_v2(Bucket=bucket, Prefix="live/", Delimiter="/")
    assert [folder["Prefix"] for folder in folders["CommonPrefixes"]] == [
        f"live/dt={day}/" for day in range(3)
    ]
    assert "Contents" not in folders


# moto as it comes, in this process, where nothing is repaired


def moto_put(app: Flask, path: str, body: bytes = b"", **environ: str) -> int:
    signed = (
        "AWS4-HMAC-SHA256 Credential=a/20250101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    )
    environ = {
        "REQUEST_METHOD": "PUT",
        "PATH_INFO": path,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_AUTHORIZATION": signed,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
    } | environ
    with app.request_context(environ | {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True}):
        return app.full_dispatch_request().status_code


@pytest.fixture
def moto_s3(fresh_name: str) -> Iterator[tuple[Flask, str]]:
    app = create_backend_app("s3")
    assert moto_put(app, f"/{fresh_name}") == 200
    yield app, fresh_name
    s3_backends["123456789012"]["aws"].reset()


def test_moto_still_lets_two_conditional_puts_win(
    moto_s3: tuple[Flask, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, name = moto_s3
    together = threading.Barrier(2)
    look = S3Backend.get_object

    def get_object(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever moto passes
        found = look(*args, **kwargs)
        together.wait(timeout=2)  # both have looked before either stores: breaks if moto has a lock
        return found

    monkeypatch.setattr(S3Backend, "get_object", get_object)
    with ThreadPoolExecutor(2) as threads:
        answers = threads.map(lambda _: moto_put(app, f"/{name}/k", b"x", HTTP_IF_NONE_MATCH="*"), range(2))
    assert list(answers) == [200, 200]


def test_moto_still_stores_what_came_of_a_broken_put(moto_s3: tuple[Flask, str]) -> None:
    app, name = moto_s3
    assert moto_put(app, f"/{name}/k", b"half", CONTENT_LENGTH="8") == 200
