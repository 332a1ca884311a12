"""The worker's log: one JSON object a line on stderr."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from schemas.printable import printable
from stream_worker.process.emf import Embedded


def configure(application: str, *, for_people: bool = False) -> None:
    """Send the log to stderr as JSON, with level, UTC time and `application`'s metrics.

    For people, who see a progress bar and the result there: only warnings and worse, in words.
    """
    if for_people:
        structlog.configure(
            processors=[_in_words],
            wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        )
        return
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


def _in_words(_logger: object, level: str, event: MutableMapping[str, Any]) -> str:
    """Return what went wrong and what to do; the event's name and fields where a line has no such words."""
    name = event.pop("event")
    words = [event.pop(key) for key in ("detail", "note") if key in event]
    text = "; ".join(map(str, words)) or f"{name} {' '.join(f'{key}={event[key]}' for key in event)}"
    return printable(f"{level}: {text}", lines=True)
