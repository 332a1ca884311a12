"""A search of all that an installation keeps: the stream, the lake (Parquet decoded too) and the logs."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import polars as pl

from tests.support.local.shards import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.e2e.installation import Installation


def places_of(installation: Installation, marks: list[str]) -> set[str]:
    """Return where any of the marks stands, in either case: `stream`, `lake <key> …`, `log <name>`."""
    needles = [mark.lower().encode() for mark in marks]
    return {
        place
        for place, held in (*stream(installation), *lake(installation), *logs(installation))
        if any(needle in held.lower() for needle in needles)
    }


def stream(installation: Installation) -> Iterator[tuple[str, bytes]]:
    """Yield every record: its bytes, its partition key, and whatever else Kinesis tells of it."""
    reader = Reader(installation.cloud.kinesis, installation.cloud.resources.stream)
    for shard_id in reader.shard_ids():
        for record in reader.records(shard_id):
            yield "stream", record["Data"]
            yield "stream, beside the body", repr(record | {"Data": b""}).encode()


def lake(installation: Installation) -> Iterator[tuple[str, bytes]]:
    """Yield every object: its key, what S3 keeps beside it, its bytes, and each value of each column."""
    cloud = installation.cloud
    for key in installation.objects():
        held = cloud.s3.get_object(Bucket=cloud.resources.bucket, Key=key)
        raw = held["Body"].read()
        yield f"lake {key}, key", key.encode()
        yield f"lake {key}, beside the object", repr(held).encode()
        yield f"lake {key}, bytes", raw
        if not key.endswith(".parquet"):
            continue
        for column in pl.read_parquet(io.BytesIO(raw)).iter_columns():
            for value in column:
                text = value if isinstance(value, bytes) else str(value).encode()
                yield f"lake {key.partition('/')[0]}.{column.name}", text


def logs(installation: Installation) -> Iterator[tuple[str, bytes]]:
    """Yield every log of edge and worker."""
    for path in installation.logs.glob("*.log"):
        yield f"log {path.name}", path.read_bytes()
