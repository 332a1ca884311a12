"""Asks a running emulator's controls: what it does besides being an AWS."""

from __future__ import annotations

import http.client
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

_SECONDS: Final = 30


def ask(url: str, method: str, path: str, document: object = None) -> Any:  # noqa: ANN401 - any JSON
    """Ask a cloud and return the document it answers with; `ValueError` with its text if it refuses."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_SECONDS)
    try:
        connection.request(method, path, orjson.dumps(document))
        answer = connection.getresponse()
        found = orjson.loads(answer.read())
    finally:
        connection.close()
    if answer.status != HTTPStatus.OK:
        raise ValueError(f"{answer.status}: {found}")
    return found
