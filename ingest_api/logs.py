"""The edge's log: one JSON object a line on stderr, the libraries' lines included."""

import logging.config
import sys
from contextlib import suppress
from typing import Any, BinaryIO, Final, cast

import orjson
import structlog

_SHARED: Final[list[structlog.typing.Processor]] = [
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def _dumps(line: Any, **_options: Any) -> bytes:  # noqa: ANN401 - structlog's signature of a serializer
    return orjson.dumps(line, default=str)


def _text(line: Any, **_options: Any) -> str:  # noqa: ANN401 - the same
    return _dumps(line).decode()


class _Stderr:
    """stderr, for the log: a line that cannot be written is lost, and nothing else.

    The disk may be full, or the reader of the log gone; no such error may end the thread that logs.
    """

    def write(self, line: bytes) -> None:
        with suppress(OSError):
            sys.stderr.buffer.write(line)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.buffer.flush()


def configure() -> None:
    """Send the edge's own lines to stderr, and warnings of boto3, asyncio and the rest."""
    structlog.configure(
        processors=[*_SHARED, structlog.processors.JSONRenderer(serializer=_dumps)],
        logger_factory=structlog.BytesLoggerFactory(cast("BinaryIO", _Stderr())),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(_LIBRARIES)


_LIBRARIES: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _SHARED,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_text),
            ],
        }
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "json"}
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
"""For `logging.config.dictConfig`."""
