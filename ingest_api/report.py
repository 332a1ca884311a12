"""A report as the edge sees it: a JSON object, and the partition key that its record gets."""

import re
from hashlib import blake2b
from http import HTTPStatus
from typing import Any, Final

from ingest_api.problems import ProblemError
from schemas.report import NotAnObjectError, decode

_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}")


def document(data: bytes) -> dict[str, Any]:
    """Return the JSON object that the body is; raise a 400 for anything else."""
    try:
        return decode(data)
    except NotAnObjectError as error:
        raise ProblemError(
            HTTPStatus.BAD_REQUEST,
            f"The body is {error}. Send one JSON object; /v1/schema describes it.",
        ) from None


def partition_key(data: bytes) -> str:
    """Return the deployment's nonce in lower case, so that a deployment stays on one shard.

    A digest of the body where there is none, so that nothing undisclosed gets into the key. The document is
    let go of before the record waits for the stream: decoded, it may be thirty times as large as its bytes.
    """
    stack_id = document(data).get("stack_id")
    if isinstance(stack_id, str) and _UUID.fullmatch(stack_id):
        return stack_id.lower()
    return blake2b(data, digest_size=16).hexdigest()
