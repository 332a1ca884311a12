"""The OpenAPI document names every route, method and status of the application, and no other."""

from ingest_api import openapi
from ingest_api.stream import MemoryStream
from tests.support.edge.client import Result
from tests.support.edge.parts import GOOD, Broken, Parts, down

FRAMING = {"408", "431"}
"""What the server answers by itself: `test_framing.py` and `tests/strangers` provoke it."""


def test_the_openapi_document_names_every_route_and_method(parts: Parts) -> None:
    routes = {(path, method.lower()) for path, methods in parts.edge.routes.items() for method in methods}
    assert routes == {(path, method) for path, item in openapi.DOCUMENT["paths"].items() for method in item}
    assert parts.get("/openapi.json").document == openapi.DOCUMENT


def test_the_openapi_document_names_every_status_and_no_other(parts: Parts) -> None:
    seen: dict[tuple[str, str], set[str]] = {}

    def note(result: Result, path: str, method: str) -> None:
        seen.setdefault((path, method), set()).add(str(result.status))
        declared = openapi.DOCUMENT["paths"][path][method]["responses"][str(result.status)]
        if "content" in declared:
            assert result.headers["content-type"].split(";")[0] in declared["content"]

    poor = Parts(MemoryStream(down, state="CREATING"))
    for path in ("/v1/metrics", "/v1/metrics/check"):
        for data, headers in [
            (GOOD, {}),
            (b"[]", {}),
            (b" " * 8_193, {}),
            (GOOD, {"Content-Type": "text/plain"}),
            (GOOD, {"Origin": "https://elsewhere.example"}),
        ]:
            note(parts.client.ask("POST", path, data, headers), path, "post")
        note(
            parts.call(Broken(), path, CONTENT_LENGTH="1"),
            path,
            "post",
        )
    note(poor.post(GOOD), "/v1/metrics", "post")
    for path, item in openapi.DOCUMENT["paths"].items():
        for method in item.keys() & {"get", "head"}:
            for app_parts in (parts, poor):
                note(app_parts.client.ask(method.upper(), path), path, method)
    poor.publisher.close()
    assert seen == {
        (path, method): set(operation["responses"]) - FRAMING
        for path, item in openapi.DOCUMENT["paths"].items()
        for method, operation in item.items()
    }
