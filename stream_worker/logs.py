"""The worker's log: one JSON object a line on stderr."""

import sys

import structlog


def configure() -> None:
    """Send the log to stderr as JSON, with level and UTC time."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
