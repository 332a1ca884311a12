"""The edge's routes: what is asked, what is answered. Errors are in `problems`, bodies in `body`."""

from dataclasses import asdict
from typing import Any, Final

import falcon
import orjson

from ingest_api import body, disclosure, openapi, problems
from ingest_api.drain import Drain
from ingest_api.publisher import Publisher, UnavailableError
from ingest_api.readiness import Readiness
from schemas.report import SCHEMA_TEXT, violations

JSON: Final = "application/json"
SCHEMA_JSON: Final = "application/schema+json"

App = falcon.App[falcon.Request, falcon.Response]


class Metrics:
    """Takes reports. The edge does not judge them: the worker does, and keeps what it refuses."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    def on_post(self, request: falcon.Request, response: falcon.Response) -> None:
        """Answer 202 once the stream has acknowledged this very body."""
        report = body.read(request)
        try:
            record_id = self._publisher.publish(report.data, report.partition_key)
        except UnavailableError as error:
            raise falcon.HTTPServiceUnavailable(
                title="Service Unavailable",
                description=f"Not accepted: {error}. Send the same report again after Retry-After seconds.",
                retry_after=error.retry_after,
            ) from None
        response.status = falcon.HTTP_202
        response.content_type = JSON
        response.data = orjson.dumps({"record_id": record_id})


class Check:
    """Judges a report by the schema and stores nothing: a dry run."""

    def on_post(self, request: falcon.Request, response: falcon.Response) -> None:
        """Answer every rule of the schema that the body breaks."""
        errors = [asdict(broken) for broken in violations(body.read(request).document)]
        response.content_type = JSON
        response.data = orjson.dumps({"valid": not errors, "errors": errors})


class Document:
    """One document that never changes while the process runs."""

    def __init__(self, content_type: str, data: bytes, headers: dict[str, str] | None = None) -> None:
        self._content_type = content_type
        self._data = data
        self._headers = headers or {}

    def on_get(self, _request: falcon.Request, response: falcon.Response) -> None:
        """Answer the document."""
        response.content_type = self._content_type
        response.set_headers(self._headers)
        response.data = self._data

    on_head = on_get


class Ready:
    """Whether this process can publish, for a load balancer."""

    def __init__(self, readiness: Readiness, drain: Drain) -> None:
        self._readiness = readiness
        self._drain = drain

    def on_get(self, _request: falcon.Request, response: falcon.Response) -> None:
        """Answer 200 if it can, 503 with the reason if not."""
        obstacle = "the edge is stopping" if self._drain else self._readiness.obstacle()
        if obstacle is not None:
            raise falcon.HTTPServiceUnavailable(
                title="Service Unavailable",
                description=f"Not ready: {obstacle}. Send reports to another edge, or ask again.",
                retry_after=5,
            )
        response.content_type = JSON
        response.data = b'{"status":"ready"}'

    on_head = on_get


class Farewell:
    """Ends each connection with its answer once the process is to stop."""

    def __init__(self, drain: Drain) -> None:
        self._drain = drain

    def process_response(
        self, request: falcon.Request, response: falcon.Response, _resource: object, _succeeded: object
    ) -> None:
        """Add the header; HTTP/2 knows none of that name and ends connections by itself."""
        if self._drain and request.env.get("SERVER_PROTOCOL") != "HTTP/2":
            response.set_header("Connection", "close")


def create(publisher: Publisher, readiness: Readiness, drain: Drain) -> App:
    """Put the routes together."""
    app: App = falcon.App(middleware=[Farewell(drain)])
    problems.add_to(app)
    routes: dict[str, Any] = {
        "/": Document(falcon.MEDIA_HTML, disclosure.PAGE, disclosure.HEADERS),
        "/healthz": Document(JSON, b'{"status":"alive"}'),
        "/openapi.json": Document(JSON, orjson.dumps(openapi.DOCUMENT)),
        "/readyz": Ready(readiness, drain),
        "/v1/metrics": Metrics(publisher),
        "/v1/metrics/check": Check(),
        "/v1/schema": Document(SCHEMA_JSON, SCHEMA_TEXT.encode()),
    }
    for path, resource in routes.items():
        app.add_route(path, resource)
    return app
