"""What the edge answers when it cannot do what was asked: RFC 9457 problem documents.

A detail tells the sender what to do next. It never repeats a value of the request.
"""

import traceback
from typing import Any, Final, Never

import falcon
import orjson
import structlog

PROBLEM_JSON: Final = "application/problem+json"

_log = structlog.get_logger()

_DETAILS: Final = {
    falcon.HTTP_404: "There is nothing at this path. /openapi.json lists what there is.",
    falcon.HTTP_405: "Use one of the methods that the Allow header names.",
}
"""For what Falcon raises by itself; the routes give their own details."""


def add_to(app: falcon.App[Any, Any]) -> None:
    """Let the app answer every error, expected or not, with a problem document."""
    app.set_error_serializer(_serialize)
    app.add_error_handler(Exception, _unexpected)


def _serialize(_request: falcon.Request, response: falcon.Response, error: falcon.HTTPError) -> None:
    response.content_type = PROBLEM_JSON
    response.data = orjson.dumps(
        {
            "type": "about:blank",
            "title": error.title,
            "status": error.status_code,
            "detail": error.description
            or _DETAILS.get(str(error.status), "Check the request against /openapi.json."),
        }
    )


def _unexpected(
    _request: falcon.Request, _response: falcon.Response, error: Exception, _params: object
) -> Never:
    """Log the error's type and place, never its text: a library may quote the payload in it."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    _log.error("edge.failed", error=type(error).__name__, file=place.filename, line=place.lineno)
    raise falcon.HTTPInternalServerError(
        title="Internal Server Error",
        description="The edge failed. Whether the report is stored is unknown; send it again later.",
    ) from None
