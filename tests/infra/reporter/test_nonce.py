"""The custom resource's function: a random nonce, kept ever after; CloudFormation is always answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from uuid import UUID

import orjson
import pytest

from infra.reporter.function.usage_reporter import nonce
from infra.reporter.function.usage_reporter.schedule import expression
from tests.support.reporter.server import Reply

if TYPE_CHECKING:
    from tests.support.reporter.server import Server

SAME = {
    "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/product/guid",
    "RequestId": "unique",
    "LogicalResourceId": "Nonce",
}
KEPT = "3d9c49ce-8367-43ec-8884-568c8d43faec"


def ask(server: Server, **event: str) -> dict[str, Any]:
    nonce.handle({**SAME, "ResponseURL": server.url, **event}, None)
    answer: dict[str, Any] = orjson.loads(server.asked[-1].body)
    assert {name: answer.pop(name) for name in SAME} == SAME
    return answer


def test_each_creation_makes_a_random_nonce_and_its_minute(server: Server) -> None:
    made = [ask(server, RequestType="Create") for _ in range(20)]
    for answer in made:
        assert answer["Status"] == "SUCCESS"
        found = UUID(answer["PhysicalResourceId"])
        assert found.version == 4
        assert answer["Data"] == {"Nonce": str(found), "ScheduleExpression": expression(str(found))}
    assert len({answer["PhysicalResourceId"] for answer in made}) == 20


def test_an_update_keeps_nonce_and_minute(server: Server) -> None:
    answer = ask(server, RequestType="Update", PhysicalResourceId=KEPT)
    assert answer == {
        "Status": "SUCCESS",
        "PhysicalResourceId": KEPT,
        "Data": {"Nonce": KEPT, "ScheduleExpression": expression(KEPT)},
    }


@pytest.mark.parametrize("kept", [KEPT, "none", "whatever came before"])
def test_nothing_is_to_be_deleted(server: Server, kept: str) -> None:
    answer = ask(server, RequestType="Delete", PhysicalResourceId=kept)
    assert answer == {"Status": "SUCCESS", "PhysicalResourceId": kept}


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"RequestType": "Whatever"},
        {"RequestType": "Update", "PhysicalResourceId": "no-uuid"},
        {"RequestType": "Update"},
        {"RequestType": "Delete"},
    ],
)
def test_a_failure_is_answered_so_that_cloudformation_does_not_wait(
    server: Server, event: dict[str, str]
) -> None:
    answer = ask(server, **event)
    assert answer["Status"] == "FAILED"
    assert "nonce" in answer["Reason"]
    assert answer["PhysicalResourceId"] == event.get("PhysicalResourceId", "none")


def test_the_answer_is_put_without_a_content_type_as_its_url_is_signed_for(server: Server) -> None:
    ask(server, RequestType="Create")
    assert server.asked[0].method == "PUT"
    assert server.asked[0].headers["Content-Type"] == ""


def test_an_answer_that_does_not_arrive_fails_so_that_lambda_calls_again(server: Server) -> None:
    server.replies = [Reply(503), Reply(202)]
    with pytest.raises(HTTPError):
        ask(server, RequestType="Create")
    assert ask(server, RequestType="Create")["Status"] == "SUCCESS"


def test_nothing_is_said_of_the_nonce(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    ask(server, RequestType="Create")
    ask(server, RequestType="Update", PhysicalResourceId=KEPT)
    ask(server, RequestType="Update", PhysicalResourceId="no-uuid")
    said = capsys.readouterr()
    assert [orjson.loads(line) for line in said.out.splitlines()] == [
        {"level": "error", "event": "nonce.failed", "error": "ValueError"}
    ]
    assert said.err == ""
