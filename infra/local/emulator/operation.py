"""What an AWS request asks for, read off the request: the service, the operation, the resource."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from moto.kinesis.utils import decompose_shard_iterator

from infra.local.emulator.s3 import operation as s3_operation
from infra.local.emulator.wire import read_body

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

_SIGNED: Final = re.compile(r"Credential=([^,/]*)/[^,]*/([a-z0-9-]+)/aws4_request")

_TEXT: Final = re.compile(rb'\s*:\s*"([^"\\]*)')
"""A text up to its first escape; an iterator has one at the end of each line of its base64."""

_NAMING: Final = {
    "dynamodb": (b'"TableName"',),
    "glue": (b'"DatabaseName"',),
    "kinesis": (b'"StreamName"', b'"StreamARN"', b'"ShardIterator"'),
}
"""What names the resource. In a JSON string a quotation mark is escaped, so none is found in the data."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as IAM and the API reference name it: kinesis, PutRecords.

    `resource` is the stream, the table, the Glue database, the CloudWatch namespace, or `bucket/key` (of a
    listing: `bucket/prefix`); "" where the request does not say it easily.
    """

    service: str
    name: str
    resource: str


def operation_of(environ: WSGIEnvironment) -> Operation | None:
    """Return what a signed request asks for, and None for one that is not signed in its headers.

    The service is the one it is signed for, so CloudWatch is `monitoring`. The body can be read again.
    """
    signed = _SIGNED.search(environ.get("HTTP_AUTHORIZATION", ""))
    if signed is None:
        return None
    service = signed[2]
    if service == "s3":
        return Operation(service, *s3_operation.read(environ))
    target: str = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return Operation(service, target.rpartition(".")[2], _resource(service, read_body(environ)))
    return _query(service, environ)


def caller_of(environ: WSGIEnvironment) -> str:
    """Return the access key that a request is signed with, and "" for one that is not signed."""
    signed = _SIGNED.search(environ.get("HTTP_AUTHORIZATION", ""))
    return signed[1] if signed else ""


def _resource(service: str, body: bytes) -> str:
    for member in _NAMING.get(service, ()):
        name = _text(body, member)
        if name:
            return _stream_of(name) if member == b'"ShardIterator"' else name.rpartition("/")[2]
    return ""


def _text(body: bytes, member: bytes) -> str:
    # Looked for and not decoded: half a megabyte of records stands around the stream's name. It may take more
    # than one look: a table can have an attribute of that name, which is no text but an object.
    place = body.find(member)
    while place >= 0:
        text = _TEXT.match(body, place + len(member))
        if text is not None:
            return text[1].decode(errors="replace")
        place = body.find(member, place + 1)
    return ""


def _stream_of(iterator: str) -> str:
    try:
        name: str = decompose_shard_iterator(iterator)[0]
    except ValueError:  # not one of moto's
        return ""
    return name


def _query(service: str, environ: WSGIEnvironment) -> Operation:
    # CloudWatch: botocore has the operation in the path, the Java SDK in a form.
    if "/operation/" in environ["PATH_INFO"]:
        return Operation(service, environ["PATH_INFO"].rpartition("/")[2], "")
    form = parse_qs(read_body(environ).decode(errors="replace") or environ["QUERY_STRING"])
    return Operation(service, form.get("Action", [""])[0], form.get("Namespace", [""])[0])
