"""The command `ingest-api`: serve the edge."""

import argparse
import errno
import gc
import os
import resource
import socket
import sys
from typing import Final

import structlog
from botocore.exceptions import BotoCoreError

from ingest_api import app, logs
from ingest_api.drain import Drain
from ingest_api.kinesis import Kinesis
from ingest_api.publisher import SENDERS, Publisher
from ingest_api.readiness import Readiness
from ingest_api.serving.limits import BODY_SECONDS, CONNECTIONS
from ingest_api.serving.server import Server, listen
from ingest_api.settings import EdgeSettings
from schemas import __version__
from schemas.environment import PREFIX, SettingsError, read

OTHER_FILES: Final = 128
"""Files that the process opens besides its clients' connections, with room to spare."""

_GARBAGE: Final = 20_000
"""New objects between two collections: connections and requests leave none that need one. With Python's 700,
thousands of connections would be looked through for nothing."""

FAILED: Final = 1
USAGE: Final = 2

_log = structlog.get_logger()


def main() -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP."""
    _parser().parse_args()
    logs.configure()
    try:
        settings = read(EdgeSettings, os.environ)
        stream = _stream(settings)
    except (SettingsError, BotoCoreError, ValueError) as error:
        sys.stderr.write(f"ingest-api: {error}\n")
        sys.exit(USAGE)
    try:
        listener = _listener(settings)
    except OSError as error:
        sys.stderr.write(
            f"ingest-api: cannot listen on {settings.host}, port {settings.port}: {_reason(error)}\n"
        )
        sys.exit(FAILED)
    _serve(settings, stream, listener)


def _serve(settings: EdgeSettings, stream: Kinesis, listener: socket.socket) -> None:
    """Put the parts together and serve: the one place that knows clients, clock and signals."""
    drain = Drain()
    publisher = Publisher(stream, seconds=settings.publish_seconds)
    edge = app.create(publisher, Readiness(stream, publisher), drain)
    server = Server(edge, drain, capacity=_capacity(), grace=BODY_SECONDS + settings.publish_seconds)
    _log.info("edge.started", host=str(settings.host), port=settings.port, stream=settings.stream)
    gc.collect()
    gc.freeze()  # botocore's models live as long as the process: a collection of 50 ms that finds nothing
    gc.set_threshold(_GARBAGE)
    server.serve(listener)
    publisher.close()
    _log.info("edge.stopped")


def _stream(settings: EdgeSettings) -> Kinesis:
    """Make the stream; boto3 by itself reads AWS_DEFAULT_REGION alone, and AWS sets AWS_REGION."""
    return Kinesis(
        settings.stream,
        region=os.environ.get("AWS_REGION") or None,
        publish_seconds=settings.publish_seconds,
        connections=SENDERS + 1,
    )


def _listener(settings: EdgeSettings) -> socket.socket:
    """Return the socket to listen on; raise OSError, also if another process listens on the port.

    The system would share the port silently (SO_REUSEPORT). A supervisor may hold the port for us with a
    bound socket that never listens; a listener is refused.
    """
    family = socket.AF_INET6 if settings.host.version == 6 else socket.AF_INET  # noqa: PLR2004 - IPv6
    place = (str(settings.host), settings.port)
    listener = listen(place, family)
    with socket.socket(family) as probe:
        if probe.connect_ex(place) == 0:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
    return listener


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "it is in use; stop what listens there, or set METRICS_PORT to another one"
    return f"{error.strerror}; set METRICS_HOST and METRICS_PORT"


def _capacity() -> int:
    """Return how many connections there may be: a file for each, as far as the system lets us open them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = CONNECTIONS + OTHER_FILES
    if hard != resource.RLIM_INFINITY:
        needed = min(needed, hard)
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    return max(needed - OTHER_FILES, 1)


def _parser() -> argparse.ArgumentParser:
    lines = [
        f"  {PREFIX + name.upper():24} {field.description} (default: {field.default})"
        for name, field in EdgeSettings.model_fields.items()
    ]
    parser = argparse.ArgumentParser(
        prog="ingest-api",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Serve the edge: take usage reports over HTTP and put them on a Kinesis data stream.\n"
        "A report is answered 202 once Kinesis has acknowledged it, and 503 otherwise.",
        epilog="environment:\n" + "\n".join(lines) + "\n  AWS_REGION, AWS_ENDPOINT_URL and the other AWS_* "
        "variables mean what they mean to boto3.\n\n"
        "SIGTERM, SIGINT or SIGHUP: finish what was taken, then end. The log is JSON lines on stderr.\n"
        "exit status: 0 stopped as asked, 1 failed, 2 a wrong setting or option\n\n"
        "example:\n  METRICS_STREAM=metrics METRICS_PORT=8080 ingest-api\n  curl localhost:8080/readyz",
    )
    parser.add_argument("--version", action="version", version=__version__)
    return parser


if __name__ == "__main__":
    main()
