"""A request's body: what is refused before it is read, how much is read, and its partition key."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import falcon

from schemas.report import NotAnObjectError, decode

MAX_BYTES: Final = 64 * 1024
"""The longest body that is taken."""

_JSON_TYPE: Final = re.compile(
    r"\s*(application/json|text/json|application/[^\s;/]+\+json)\s*(;.*)?", re.IGNORECASE | re.DOTALL
)
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}")


@dataclass(frozen=True, slots=True)
class Body:
    """A body as it came, and the JSON object in it."""

    data: bytes
    document: dict[str, Any]

    @property
    def partition_key(self) -> str:
        """The deployment's nonce in lower case, so that a deployment stays on one shard.

        A digest of the body stands in where there is none, so that nothing undisclosed gets into the key.
        """
        stack_id = self.document.get("stack_id")
        if isinstance(stack_id, str) and _UUID.fullmatch(stack_id):
            return stack_id.lower()
        return blake2b(self.data, digest_size=16).hexdigest()


def read(request: falcon.Request) -> Body:
    """Return the request's body; raise the 400, 413 or 415 that says what is wrong with it."""
    env = request.env
    _check_type(env.get("CONTENT_TYPE"))
    declared = _length(env)
    # One byte more than is allowed tells a chunked body that is too long, and no more of it is read.
    data = request.stream.read(MAX_BYTES + 1 if declared is None else declared)
    if len(data) > MAX_BYTES:
        raise _too_large()
    if declared is not None and len(data) != declared:
        raise falcon.HTTPBadRequest(
            title="Bad Request", description="The body ended before its Content-Length. Send it again whole."
        )
    try:
        return Body(data, decode(data))
    except NotAnObjectError as error:
        raise falcon.HTTPBadRequest(
            title="Bad Request",
            description=f"The body is {error}. Send one JSON object; /v1/schema describes it.",
        ) from None


def _check_type(content_type: str | None) -> None:
    if content_type in {None, "", "application/json"}:
        return
    if _JSON_TYPE.fullmatch(content_type) is None:
        raise falcon.HTTPUnsupportedMediaType(
            title="Unsupported Media Type", description="Send the report as application/json."
        )


def _length(env: Mapping[str, Any]) -> int | None:
    """Return the declared length, None for a chunked body; raise a 400 or 413."""
    if "HTTP_TRANSFER_ENCODING" in env:
        return None
    declared = env.get("CONTENT_LENGTH") or "0"
    if not (declared.isascii() and declared.isdigit()):
        raise falcon.HTTPBadRequest(
            title="Bad Request",
            description="The Content-Length must be a number of bytes. Send the right one.",
        )
    digits = declared.lstrip("0") or "0"
    # Their number first: Python refuses to make an int of thousands of them.
    if len(digits) > len(str(MAX_BYTES)) or int(digits) > MAX_BYTES:
        raise _too_large()
    return int(digits)


def _too_large() -> falcon.HTTPError:
    return falcon.HTTPContentTooLarge(
        title="Content Too Large",
        description=f"A report is at most {MAX_BYTES} bytes long. Send a shorter one.",
    )
