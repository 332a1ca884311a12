"""The worker's log: one JSON object a line on stderr."""

import sys

import structlog

from stream_worker.emf import Embedded


def configure(application: str) -> None:
    """Send the log to stderr as JSON, with level, UTC time and `application`'s metrics."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            Embedded(application),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
