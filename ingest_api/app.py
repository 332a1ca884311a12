"""The edge's routes: what is asked, what is answered. The result is a plain WSGI application.

It never waits for the stream itself: an answer that must wait is a `Later`, and its WSGI response `Pending`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import orjson

from ingest_api import body, disclosure, openapi, origin, report
from ingest_api.answer import Answer
from ingest_api.body import Environ
from ingest_api.pending import Later, Pending
from ingest_api.problems import ProblemError, answered
from ingest_api.publisher import Publisher, UnavailableError
from schemas.report import SCHEMA_TEXT, violations

if TYPE_CHECKING:
    from wsgiref.types import StartResponse

    from ingest_api.batch import Entry
    from ingest_api.drain import Drain
    from ingest_api.readiness import Readiness

Handler = Callable[[Environ], Answer | Later]

SCHEMA_JSON: Final = "application/schema+json"


class Edge:
    """The WSGI application. It does not validate reports: the worker does, and keeps what it rejects."""

    def __init__(self, routes: dict[str, dict[str, Handler]]) -> None:
        self.routes: Final = routes
        """The handler of each path and method; a path with a slash at its end is the same one."""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request: a list, or `Pending` if the answer must wait."""
        head = environ["REQUEST_METHOD"] == "HEAD"
        found = answered(lambda: self._handler(environ)(environ))
        if isinstance(found, Later):
            return Pending(found, start_response, head=head)
        return found.start(start_response, head=head)

    def _handler(self, environ: Environ) -> Handler:
        path = str(environ.get("PATH_INFO", ""))
        methods = self.routes.get(path) or self.routes.get(path.removesuffix("/"))
        if methods is None:
            raise ProblemError(
                HTTPStatus.NOT_FOUND, "There is nothing at this path. /openapi.json lists what there is."
            )
        handler = methods.get(environ["REQUEST_METHOD"])
        if handler is None:
            raise ProblemError(
                HTTPStatus.METHOD_NOT_ALLOWED,
                "Use one of the methods that the Allow header names.",
                Allow=", ".join(sorted(methods)),
            )
        return handler


@dataclass(frozen=True, slots=True)
class Reports:
    """Takes reports."""

    publisher: Publisher

    def __call__(self, environ: Environ) -> Answer | Later:
        """Answer 202 once the stream has acknowledged this very body."""
        origin.check(environ)
        data = body.read(environ)
        key = report.partition_key(data)
        try:
            entry = self.publisher.submit(data, key)
        except UnavailableError as error:
            raise _not_accepted(error) from None
        return Later(entry, self.publisher.seconds, lambda: self._accepted(entry))

    def _accepted(self, entry: Entry) -> Answer:
        try:
            record_id = self.publisher.record_id(entry)
        except UnavailableError as error:
            raise _not_accepted(error) from None
        return Answer(HTTPStatus.ACCEPTED, orjson.dumps({"record_id": record_id}))


def _not_accepted(error: UnavailableError) -> ProblemError:
    return ProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"Not accepted: {error}. Send the same report again after Retry-After seconds.",
        Retry_After=str(error.retry_after),
    )


def check(environ: Environ) -> Answer:
    """Answer every rule of the schema that the body breaks, and store nothing: a dry run."""
    origin.check(environ)
    errors = [asdict(broken) for broken in violations(report.document(body.read(environ)))]
    return Answer.of({"valid": not errors, "errors": errors})


@dataclass(frozen=True, slots=True)
class Ready:
    """Whether this process can publish, for a load balancer."""

    readiness: Readiness
    drain: Drain

    def __call__(self, _environ: Environ) -> Answer | Later:
        """Answer 200 if it can, 503 with the reason if not."""
        if not self.drain and (look := self.readiness.look()) is not None:
            return Later(look, self.readiness.seconds, self._answer)
        return self._answer()

    def _answer(self) -> Answer:
        obstacle = "the edge is stopping" if self.drain else self.readiness.obstacle()
        if obstacle is not None:
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"Not ready: {obstacle}. Send reports to another edge, or ask again.",
                Retry_After="5",
            )
        return Answer(HTTPStatus.OK, b'{"status":"ready"}')


def create(publisher: Publisher, readiness: Readiness, drain: Drain) -> Edge:
    """Put the routes together."""
    page = Answer(HTTPStatus.OK, disclosure.PAGE, "text/html; charset=utf-8", disclosure.HEADERS)
    schema = Answer(HTTPStatus.OK, SCHEMA_TEXT.encode(), SCHEMA_JSON)
    alive = Answer(HTTPStatus.OK, b'{"status":"alive"}')
    description = Answer(HTTPStatus.OK, orjson.dumps(openapi.DOCUMENT))
    return Edge(
        {
            "/": _get(lambda _: page),
            "/healthz": _get(lambda _: alive),
            "/openapi.json": _get(lambda _: description),
            "/readyz": _get(Ready(readiness, drain)),
            "/v1/metrics": {"POST": Reports(publisher)},
            "/v1/metrics/check": {"POST": check},
            "/v1/schema": _get(lambda _: schema),
        }
    )


def _get(handler: Handler) -> dict[str, Handler]:
    return {"GET": handler, "HEAD": handler}
