"""Puts moto's S3 (5.2.5) right where its threads get into each other's way.

A PUT looks for the key, stores the object, then adds its metadata, with no lock over the three.
So two PUTs with `If-None-Match: *` at once can both win, a HEAD in between finds no metadata, and
a listing ends in a 500 when a PUT comes as it goes through the keys. Real S3 does none of these.

A client that dies in the middle of a PUT leaves an empty object, and its second attempt is answered with 412.
Real S3 stores nothing.
"""

from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import Any, Final

from moto.s3.exceptions import S3ClientError
from moto.s3.responses import S3Response

_ENTRANCES: Final = ("_bucket_response", "_key_response")
"""Where every request passes once its body has been read: a slow client holds up only itself."""


def repair() -> None:
    """Let one S3 request at a time touch the objects in this process. Doing it twice changes nothing."""
    for name in _ENTRANCES:
        entrance = getattr(S3Response, name)
        if not hasattr(entrance, "__wrapped__"):
            setattr(S3Response, name, _alone(entrance))


_lock: Final = RLock()


def _alone(answer: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(answer)
    def locked(response: S3Response, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - moto's own
        _refuse_half(response)
        with _lock:
            return answer(response, *args, **kwargs)

    return locked


def _refuse_half(response: S3Response) -> None:
    announced = int(response.headers.get("Content-Length") or 0)
    if len(response.raw_body) < announced:
        raise S3ClientError(
            "IncompleteBody", f"{announced} bytes were announced, {len(response.raw_body)} came."
        )
