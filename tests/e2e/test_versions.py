"""Of a version the check, the edge and the worker say the same, whatever it is."""

from __future__ import annotations

import http.client
import random
from typing import TYPE_CHECKING, Any

import orjson

from infra.fleets import fleet
from tests.schemas.versions import BAD, GOOD
from tests.support import truth
from tests.support.e2e.installation import SECONDS

if TYPE_CHECKING:
    from tests.support.e2e.installation import Installation


def post(edge: str, path: str, body: bytes) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(edge, timeout=SECONDS)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, orjson.loads(answer.read())
    finally:
        connection.close()


def test_what_the_check_calls_valid_is_accepted_and_the_rest_invalid_at_its_path(
    installation: Installation,
) -> None:
    sender = random.Random(1)
    with installation.edge() as edge:
        for version in (*GOOD, *BAD):
            body = orjson.dumps(orjson.loads(fleet.honest(sender)) | {"version": version})
            status, told = post(edge, "/v1/metrics/check", body)
            assert (status, told["valid"]) == (200, version in GOOD), version
            assert {error["path"] for error in told["errors"]} == (
                set() if version in GOOD else {"$.version"}
            )
            assert post(edge, "/v1/metrics", body)[0] == 202
    installation.drain()
    found = truth.read(installation.cloud.lake)
    assert sorted(found.reports["version"]) == sorted(GOOD)
    assert found.rejects.select("reason", "rule").rows() == [("invalid", "$.version")] * len(BAD)
    bodies = [orjson.loads(body)["version"] for body in found.rejects["body"]]
    assert sorted(bodies) == sorted(BAD)
