"""The endpoint: which URLs take reports. The construct checks it at synth, the function before it sends."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

PATH: Final = "/v1/metrics"
_LONGEST: Final = 2048

_AFTER: Final = re.compile(r"(/v1(/.*)?|/metrics)?/*\Z", re.DOTALL)
"""What a path has after its prefix when it is not quite right."""


class EndpointError(ValueError):
    """The endpoint cannot be used. The text says why, without a name or password that the URL may have."""


def check(endpoint: str) -> str:
    """Return the endpoint as it is called, without a slash at the end; raise `EndpointError`.

    A prefix before `/v1/metrics` is allowed: an edge may be behind one.
    """
    problem = _problem(endpoint)
    if problem:
        raise EndpointError(f"the endpoint {problem}; {_hint(endpoint)}")
    return endpoint.removesuffix("/")


def _problem(endpoint: str) -> str | None:
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme != "https":
        return "must be an https:// URL"
    if not host or port == 0:
        return "names no host or port"
    return _odd(endpoint) or _odd_path(parts.path)


def _odd(endpoint: str) -> str | None:
    if len(endpoint) > _LONGEST:
        return f"is longer than {_LONGEST} characters"
    if not endpoint.isascii() or not endpoint.isprintable() or set(endpoint) & set(' "<>\\^`{|}'):
        return "has characters that a URL cannot have"
    if set(endpoint) & set("?#"):
        return "must have no query and no fragment"
    if "@" in endpoint:
        return "must have no user name and no password"
    return None


def _odd_path(path: str) -> str | None:
    if "//" in path or {".", ".."} & set(path.split("/")):
        return "has a path with empty or dotted segments"
    if not path.removesuffix("/").endswith(PATH):
        return f"must end with {PATH}"
    return None


def _hint(endpoint: str) -> str:
    # Made of host, port and path alone.
    try:
        parts = urlsplit(endpoint if "://" in endpoint else f"https://{endpoint}")
        place = parts.netloc.rpartition("@")[2]
    except ValueError:
        place = ""
    if not re.fullmatch(r"[0-9A-Za-z.:\[\]-]+", place):
        return f"write it as https://HOST{PATH}"
    prefix = _AFTER.sub("", parts.path)
    if not re.fullmatch(r"(/[0-9A-Za-z_~-][0-9A-Za-z._~-]*)*", prefix) or len(endpoint) > _LONGEST:
        prefix = ""
    return f"write it as https://{place}{prefix}{PATH}"
