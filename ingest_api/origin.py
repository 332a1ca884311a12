"""Requests that a browser makes for another site.

A page can make its visitors' browsers POST without asking first: a body without a content type needs no
preflight. Such a report would come from a person who runs no deployment. Browsers say where a request comes
from, in Sec-Fetch-Site (Fetch Metadata, W3C) or, older ones, in Origin (RFC 6454); deployments send neither.
"""

from http import HTTPStatus
from urllib.parse import urlsplit

from ingest_api.body import Environ
from ingest_api.problems import ProblemError


def check(environ: Environ) -> None:
    """Raise a 403 for a request that a browser makes for another site."""
    site = environ.get("HTTP_SEC_FETCH_SITE")
    origin = environ.get("HTTP_ORIGIN")
    if site is None and origin is None:
        return
    own = site in {"same-origin", "none"} if site is not None else _is_host(origin, environ)
    if not own:
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "Reports are not taken from a web page of another site. Send it from the deployment itself.",
        )


def _is_host(origin: str | None, environ: Environ) -> bool:
    try:
        place = urlsplit(origin or "").netloc
    except ValueError:
        return False
    return bool(place) and place.lower() == str(environ.get("HTTP_HOST", "")).lower()
