"""S3's requests name no operation: it is found by method, path, query and headers, as botocore has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from botocore.session import get_session

from infra.local.emulator.wire import read_body

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

    from botocore.model import OperationModel

_UNNAMED: Final = "Unknown"
_KEY: Final = re.compile(rb"<Key>([^<]*)</Key>")


@dataclass(frozen=True, slots=True)
class _Rule:
    """An operation and what a request for it has; `query` are names, or name=value where the value tells."""

    name: str
    query: frozenset[str]
    headers: frozenset[str]


def read(environ: WSGIEnvironment) -> tuple[str, str]:
    """Return the operation's name and `bucket/key`, of a path-style request (the emulator has no other).

    Of a listing it is `bucket/prefix`, and of a deletion of many the first key.
    """
    bucket, _, key = environ["PATH_INFO"].lstrip("/").partition("/")
    query = dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))
    asked = {*query, *(f"{name}={value}" for name, value in query.items())}
    for rule in _rules().get((environ["REQUEST_METHOD"], bool(bucket), bool(key)), ()):
        if rule.query <= asked and rule.headers <= environ.keys():
            key = key or query.get("prefix", "") or _first_of_many(rule.name, environ)
            return rule.name, f"{bucket}/{key}" if bucket else ""
    return _UNNAMED, bucket


def _first_of_many(name: str, environ: WSGIEnvironment) -> str:
    found = _KEY.search(read_body(environ)) if name == "DeleteObjects" else None
    return found[1].decode() if found else ""


@cache
def _rules() -> dict[tuple[str, bool, bool], list[_Rule]]:
    # By method, and whether there are a bucket and a key; the rule that asks for most comes first.
    rules: dict[tuple[str, bool, bool], list[_Rule]] = {}
    model = get_session().get_service_model("s3")
    for operation in map(model.operation_model, model.operation_names):
        path, _, _ = operation.http["requestUri"].partition("?")
        shape = (operation.http["method"], "{Bucket}" in path, "{Key+}" in path)
        rules.setdefault(shape, []).append(_rule(operation))
    for candidates in rules.values():
        candidates.sort(key=lambda rule: -len(rule.query | rule.headers))
    return rules


def _rule(operation: OperationModel) -> _Rule:
    query = set(operation.http["requestUri"].partition("?")[2].split("&")) - {""}
    headers: set[str] = set()
    members = operation.input_shape.members if operation.input_shape else {}
    required = operation.input_shape.required_members if operation.input_shape else []
    for place in (members[name].serialization for name in required):
        if place.get("location") == "querystring":
            query.add(place["name"])
        elif place.get("location") == "header":
            headers.add("HTTP_" + place["name"].upper().replace("-", "_"))
    return _Rule(operation.name, frozenset(query), frozenset(headers))
