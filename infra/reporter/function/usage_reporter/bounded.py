"""A response of bounded length: head, interim responses and body together."""

from __future__ import annotations

from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MOST_BYTES: Final = 65_536
"""Many times an edge's answer, which has some 500 bytes."""


class ResponseTooLongError(Exception):
    """The server sent more than `MOST_BYTES`."""


class BoundedResponse(HTTPResponse):
    """Reads `MOST_BYTES` and a buffer at most. http.client has no limit for interim responses."""

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - as http.client calls it
        super().__init__(*given, **named)
        self.fp = BufferedReader(_Bounded(self.fp.detach()))


class _Bounded(RawIOBase):
    def __init__(self, raw: RawIOBase) -> None:
        self._raw = raw
        self._left = MOST_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        if self._left <= 0:
            raise ResponseTooLongError
        read = self._raw.readinto(buffer)
        self._left -= read or 0
        return read

    def close(self) -> None:
        self._raw.close()
        super().close()
