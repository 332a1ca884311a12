"""The command `ingest-api`: serve the edge."""

import argparse
import errno
import os
import resource
import socket
import sys
from functools import partial
from typing import Final

import structlog
from botocore.exceptions import BotoCoreError
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from ingest_api import app, logs
from ingest_api.drain import Drain
from ingest_api.kinesis import Kinesis
from ingest_api.publisher import SENDERS, WAITING, Publisher
from ingest_api.readiness import Readiness
from ingest_api.settings import EdgeSettings
from schemas import __version__
from schemas.environment import PREFIX, SettingsError, read

CONNECTIONS: Final = 2048
"""Connections served at once; further ones wait in the system's backlog."""

THREADS: Final = WAITING + 64
"""Threads for requests. Those beyond `WAITING` never wait for the stream, so "too busy" is said at once."""

FAILED: Final = 1
USAGE: Final = 2

_log = structlog.get_logger()


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    _parser().parse_args()
    logs.configure()
    try:
        settings = read(EdgeSettings, os.environ)
        _stream(settings)
    except (SettingsError, BotoCoreError, ValueError) as error:
        sys.stderr.write(f"ingest-api: {error}\n")
        sys.exit(USAGE)
    try:
        _claim(settings)
    except OSError as error:
        sys.stderr.write(
            f"ingest-api: cannot listen on {settings.host}, port {settings.port}: {_reason(error)}\n"
        )
        sys.exit(FAILED)
    _raise_file_limit()
    _server(settings).serve(target_loader=partial(load, settings), wrap_loader=False)
    _log.info("edge.stopped")


def load(settings: EdgeSettings) -> app.App:
    """Make the application, in the serving process: the one place that knows clients, clock and signals."""
    drain = Drain()
    drain.install()
    stream = _stream(settings)
    publisher = Publisher(stream, seconds=settings.publish_seconds)
    edge = app.create(publisher, Readiness(stream, publisher), drain)
    _log.info("edge.started", host=str(settings.host), port=settings.port, stream=settings.stream)
    return edge


def _stream(settings: EdgeSettings) -> Kinesis:
    """Make the stream; boto3 by itself reads AWS_DEFAULT_REGION alone, and AWS sets AWS_REGION."""
    return Kinesis(
        settings.stream,
        region=os.environ.get("AWS_REGION") or None,
        publish_seconds=settings.publish_seconds,
        connections=SENDERS + 1,
    )


def _server(settings: EdgeSettings) -> MPServer:
    return MPServer(
        "ingest_api",
        address=str(settings.host),
        port=settings.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.auto,
        websockets=False,
        workers=1,
        blocking_threads=THREADS,
        backpressure=CONNECTIONS,
        backlog=CONNECTIONS,
        # A request is answered by its deadline; whoever holds a connection open longer than that is idle.
        workers_kill_timeout=int(settings.publish_seconds) + 3,
        log_level=LogLevels.warning,
        log_dictconfig=logs.SERVER_LOGS,
    )


def _claim(settings: EdgeSettings) -> None:
    """Raise OSError if somebody listens on the port: the server would share it silently (SO_REUSEPORT)."""
    family = socket.AF_INET6 if settings.host.version == 6 else socket.AF_INET  # noqa: PLR2004 - IPv6
    place = (str(settings.host), settings.port)
    with socket.socket(family) as probe:
        # A supervisor may hold the port for us with a bound socket that never listens; a listener is refused.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        probe.bind(place)
    with socket.socket(family) as probe:
        if probe.connect_ex(place) == 0:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "it is in use; stop what listens there, or set METRICS_PORT to another one"
    return f"{error.strerror}; set METRICS_HOST and METRICS_PORT"


def _raise_file_limit() -> None:
    """Allow a file for each connection; the usual soft limit of 1,024 is too low for that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        highest = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest, hard))


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
        "SIGTERM or SIGINT: finish what was taken, then end. The log is JSON lines on stderr.\n"
        "exit status: 0 stopped as asked, 1 failed, 2 a wrong setting or option\n\n"
        "example:\n  METRICS_STREAM=metrics METRICS_PORT=8080 ingest-api\n  curl localhost:8080/readyz",
    )
    parser.add_argument("--version", action="version", version=__version__)
    return parser


if __name__ == "__main__":
    main()
