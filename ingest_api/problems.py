"""What the edge answers when it cannot do what was asked: RFC 9457 problem documents.

A detail says what to do next. It never repeats a value of the request.
"""

import traceback
from collections.abc import Callable
from functools import cached_property
from http import HTTPStatus
from typing import Final, TypeVar

import orjson
import structlog

from ingest_api.answer import Answer, phrase

PROBLEM_JSON: Final = "application/problem+json"

_log = structlog.get_logger()


class ProblemError(Exception):
    """A request that is refused: the status, what to do, and headers that belong to it."""

    def __init__(self, status: HTTPStatus, detail: str, **headers: str) -> None:
        """Headers are named as Python spells them: `Retry_After`."""
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    @cached_property
    def answer(self) -> Answer:
        """The problem document."""
        document = {
            "type": "about:blank",
            "title": phrase(self.status),
            "status": self.status.value,
            "detail": self.detail,
        }
        return Answer(self.status, orjson.dumps(document), PROBLEM_JSON, tuple(self.headers.items()))


T = TypeVar("T")


def answered(answer: Callable[[], T]) -> T | Answer:
    """Return what `answer` returns, or the problem document of what it raises."""
    try:
        return answer()
    except ProblemError as problem:
        return problem.answer
    except Exception as error:  # noqa: BLE001 - whatever is raised is answered
        log_unexpected(error)
        return _FAILED.answer


_FAILED: Final = ProblemError(
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "The edge failed. Whether the report is stored is unknown; send it again later.",
)


def log_unexpected(error: Exception) -> None:
    """Log an error's type and place, never its text: a library may quote the payload in it."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    _log.error("edge.failed", error=type(error).__name__, file=place.filename, line=place.lineno)
