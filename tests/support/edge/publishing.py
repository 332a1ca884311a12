"""Publishes one record and waits for its fate, as a request does."""

from ingest_api.publisher import Publisher


def publish(publisher: Publisher, data: bytes, partition_key: str) -> str:
    """Return the record's id; raise `UnavailableError`."""
    entry = publisher.submit(data, partition_key)
    entry.wait(publisher.seconds)
    return publisher.record_id(entry)
