"""Finds the lake that a command is to read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from infra.analytics.bucket import SCHEME, Bucket
from infra.analytics.folder import Folder
from infra.analytics.location import LocationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.analytics.location import Location

DATABASE: Final = "metrics"


def open_lake(given: str | None, environment: Mapping[str, str]) -> Location:
    """Return the lake at a folder's path or `s3://bucket`; without either, in the bucket METRICS_BUCKET.

    A bucket's catalog is the database METRICS_DATABASE, or `metrics`. Raises `LocationError`.
    """
    bucket = environment.get("METRICS_BUCKET")
    if given is None and not bucket:
        raise LocationError(f"which lake? Give --lake with a folder or {SCHEME}BUCKET, or set METRICS_BUCKET")
    name = given if given is not None else f"{SCHEME}{bucket}"
    if not name.startswith(SCHEME):
        return Folder(Path(name))
    bucket_name = name.removeprefix(SCHEME).rstrip("/")
    if not bucket_name or "/" in bucket_name:
        raise LocationError(f"{name} is not a bucket: give it as {SCHEME}BUCKET, without a path")
    return Bucket(bucket_name, environment.get("METRICS_DATABASE", DATABASE))
