"""A request's body: what is refused before it is read, how much is read, and its partition key."""

import re
from http import HTTPStatus
from typing import Any, Final

from ingest_api.problems import ProblemError
from schemas.report import LONGEST_BYTES

Environ = dict[str, Any]

_JSON_TYPE: Final = re.compile(
    r"\s*(application/json|text/json|application/[^\s;/]+\+json)\s*(;.*)?", re.IGNORECASE | re.DOTALL
)


def read(environ: Environ) -> bytes:
    """Return the request's body; raise the 400, 413 or 415 that says what is wrong with it."""
    _check_type(environ.get("CONTENT_TYPE"))
    _check_coding(environ.get("HTTP_CONTENT_ENCODING"))
    declared = _length(environ)
    # One byte more than is allowed shows that a body of unknown length is too long; no more of it is read.
    data: bytes = environ["wsgi.input"].read(LONGEST_BYTES + 1 if declared is None else declared)
    if len(data) > LONGEST_BYTES:
        raise too_large()
    if declared is not None and len(data) != declared:
        raise ProblemError(
            HTTPStatus.BAD_REQUEST, "The body ended before its Content-Length. Send it again whole."
        )
    return data


def too_large() -> ProblemError:
    """Return the refusal of a body that is too long."""
    return ProblemError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"A report is at most {LONGEST_BYTES} bytes long. Send a shorter one.",
    )


def _check_type(content_type: str | None) -> None:
    if content_type in {None, "", "application/json"}:
        return
    if _JSON_TYPE.fullmatch(content_type) is None:
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the report as application/json.")


def _check_coding(coding: str | None) -> None:
    """Refuse a compressed body; Accept-Encoding lists what is taken (RFC 9110, 15.5.16)."""
    if coding is not None and coding.strip().lower() not in {"", "identity"}:
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "Send the report without a content coding: not compressed.",
            Accept_Encoding="identity",
        )


def _length(environ: Environ) -> int | None:
    """Return the declared length, or None if the body's end is known in another way; raise a 400 or 413."""
    declared = environ.get("CONTENT_LENGTH")
    if "HTTP_TRANSFER_ENCODING" in environ or (not declared and environ.get("wsgi.input_terminated")):
        return None
    declared = declared or "0"
    if not (declared.isascii() and declared.isdigit()):
        raise ProblemError(
            HTTPStatus.BAD_REQUEST, "The Content-Length must be a number of bytes. Send the right one."
        )
    digits = declared.lstrip("0") or "0"
    # Their number first: Python refuses to make an int of thousands of them.
    if len(digits) > len(str(LONGEST_BYTES)) or int(digits) > LONGEST_BYTES:
        raise too_large()
    return int(digits)
