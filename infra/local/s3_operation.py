"""S3's requests name no operation: it is found by method, path, query and headers, as botocore has them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from botocore.session import get_session

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

    from botocore.model import OperationModel

_UNNAMED: Final = "Unknown"


@dataclass(frozen=True, slots=True)
class _Rule:
    """An operation and what a request for it has; `query` are names, or name=value where the value tells."""

    name: str
    query: frozenset[str]
    headers: frozenset[str]


def read(environ: WSGIEnvironment) -> tuple[str, str]:
    """Return the operation's name and `bucket/key`, of a path-style request (the emulator has no other)."""
    bucket, _, key = environ["PATH_INFO"].lstrip("/").partition("/")
    query = dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))
    asked = {*query, *(f"{name}={value}" for name, value in query.items())}
    for rule in _rules().get((environ["REQUEST_METHOD"], bool(bucket), bool(key)), ()):
        if rule.query <= asked and rule.headers <= environ.keys():
            return rule.name, f"{bucket}/{key or query.get('prefix', '')}" if bucket else ""
    return _UNNAMED, bucket


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
