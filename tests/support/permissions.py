"""Recorded calls held to what the roles allow."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from infra.deployment.permissions import ROLES, Names
from infra.local.endpoint import REGION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infra.deployment.permissions import Grant

Call = tuple[str, str, str]
"""A service, an operation and a resource, as the emulator records them."""

Use = tuple[str, str]
"""An action and an ARN."""

WITHOUT_STACKS: Final = {
    (
        "worker",
        "dynamodb",
        "CreateTable",
    ): "the stacks make the tables ahead, elsewhere the worker does",
}
"""What a role calls on a machine that has no stacks, and why it is not allowed to in AWS."""

_ACCOUNT: Final = "123456789012"
_ACTIONS: Final = {
    "HeadObject": "GetObject",
    "ListObjectsV2": "ListBucket",
    "DeleteObjects": "DeleteObject",
}
"""Where S3's actions have other names than its operations (Service Authorization Reference)."""

_TEST: Final = re.compile(r"test-[0-9a-f]{12}")


def names(name: str, bucket: str | None = None) -> Names:
    """Return the names of an installation whose resources are all called the same."""
    return Names("aws", REGION, _ACCOUNT, name, bucket or name, name, name)


def uses(call: Call, of: Names) -> list[Use]:
    """Return what must be allowed for a call. Glue asks for the table, its database and the catalog."""
    service, operation, resource = call
    action = f"{service}:{_ACTIONS.get(operation, operation) if service == 's3' else operation}"
    place = f"{REGION}:{_ACCOUNT}"
    if service == "s3":
        bucket, _, key = resource.partition("/")
        return [(action, f"arn:aws:s3:::{bucket}" + ("" if action == "s3:ListBucket" else f"/{key}object"))]
    if service == "glue":
        paths = (
            "catalog",
            f"database/{resource}",
            *(f"table/{resource}/{t}" for t in ("reports", "rejects")),
        )
        return [(action, f"arn:aws:glue:{place}:{path}") for path in paths]
    kind = {"kinesis": "stream", "dynamodb": "table"}[service]
    return [(action, f"arn:aws:{service}:{place}:{kind}/{resource or of.stream}")]


def granted(grants: Iterable[Grant], of: Names) -> Iterator[Use]:
    """Return every action on every resource that is allowed."""
    for grant in grants:
        for action in grant.actions:
            for arn in grant.arns(of):
                yield action, arn


def missing(calls: Iterable[Call], grants: Iterable[Grant], of: Names) -> list[Use]:
    """Return what was called and is not allowed."""
    allowed = list(granted(grants, of))
    return [use for call in calls for use in uses(call, of) if not any(covers(one, use) for one in allowed)]


def unused(calls: Iterable[Call], grants: Iterable[Grant], of: Names) -> list[Use]:
    """Return what is allowed and was not called."""
    used = [use for call in calls for use in uses(call, of)]
    return [one for one in granted(grants, of) if not any(covers(one, use) for use in used)]


def covers(allowed: Use, use: Use) -> bool:
    return allowed[0] == use[0] and fnmatchcase(use[1], allowed[1])


def not_allowed(recorded: Iterable[dict[str, str]]) -> list[tuple[str, Use]]:
    """Return what was called by processes with a role, on what tests have made, and is not allowed to it."""
    found = []
    for one in recorded:
        role, name = one["caller"], _TEST.search(one["resource"])
        if role not in ROLES or name is None or (role, one["service"], one["operation"]) in WITHOUT_STACKS:
            continue
        call = (one["service"], one["operation"], one["resource"])
        bucket = one["resource"].partition("/")[0] if one["service"] == "s3" else None
        found += [(role, use) for use in missing([call], ROLES[role], names(name[0], bucket))]
    return found
