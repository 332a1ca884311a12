"""The edge's settings: what `schemas.environment.read` makes of its `METRICS_*` variables."""

from ipaddress import IPv4Address

from pydantic import Field, IPvAnyAddress

from schemas.environment import Settings


class EdgeSettings(Settings):
    """Everything that can be set about the edge; the descriptions are what `ingest-api --help` prints."""

    stream: str = Field(
        "metrics", pattern=r"^[a-zA-Z0-9_.-]{1,128}$", description="name of the Kinesis data stream"
    )
    host: IPvAnyAddress = Field(
        IPv4Address("127.0.0.1"), description="IP address to listen on; 0.0.0.0 for all of IPv4"
    )
    port: int = Field(8080, ge=1, le=65535, description="TCP port to listen on")
    publish_seconds: float = Field(
        5, ge=0.1, le=60, description="how long the stream may take with a report before it is answered 503"
    )
