"""The edges that ours is measured beside, on the same server with the same settings."""

import argparse
import os
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import boto3
import falcon
import orjson
from botocore.config import Config
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from ingest_api import body, report
from ingest_api.settings import EdgeSettings
from schemas.environment import read

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

CONNECTIONS: Final = 64
"""Connections of the load, and so of the client: no request waits for one."""

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class PutRecord:
    """Takes a report as the edge does, and puts it on the stream by itself: one call for each request."""

    def __init__(self, kinesis: "KinesisClient", stream: str) -> None:
        self._kinesis = kinesis
        self._stream = stream

    def on_post(self, request: falcon.Request, response: falcon.Response) -> None:
        """Answer 202 once the stream has acknowledged the record."""
        data = body.read(request.env)
        stored = self._kinesis.put_record(
            StreamName=self._stream, Data=data, PartitionKey=report.partition_key(data)
        )
        response.status = falcon.HTTP_202
        response.content_type = falcon.MEDIA_JSON
        response.data = orjson.dumps({"record_id": f"{stored['ShardId']}:{stored['SequenceNumber']}"})


def put_record(settings: EdgeSettings) -> Wsgi:
    """Make the edge that somebody writes first: Falcon, and one boto3 client for all requests."""
    kinesis = boto3.client("kinesis", config=Config(max_pool_connections=CONNECTIONS))
    app: falcon.App[falcon.Request, falcon.Response] = falcon.App()
    app.add_route("/v1/metrics", PutRecord(kinesis, settings.stream))
    return app


def bare(_settings: EdgeSettings) -> Wsgi:
    """Make what the server can do at most in Python: read the body, answer, nothing else."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH", "0")))
        start_response(
            "202 Accepted", [("Content-Type", "application/json"), ("Content-Length", str(len(_DONE)))]
        )
        return [_DONE]

    return answer


def _server(settings: EdgeSettings) -> MPServer:
    """Make the server with a thread for each connection and more: a thread a request waits for the stream."""
    return MPServer(
        "tests.benchmarks.rivals",
        address=str(settings.host),
        port=settings.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=1,
        blocking_threads=9 * CONNECTIONS,
        backpressure=32 * CONNECTIONS,
        log_level=LogLevels.error,
    )


_DONE: Final = b'{"status":"taken"}'
_RIVALS: Final = {"put_record": put_record, "bare": bare}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rival", choices=list(_RIVALS))
    make = _RIVALS[parser.parse_args().rival]
    given = read(EdgeSettings, os.environ)
    server = _server(given)
    server.serve(target_loader=partial(make, given), wrap_loader=False)
