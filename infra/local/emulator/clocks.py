"""The streams' clocks on demand: when Kinesis says that records arrive which are put from now on.

    PUT /_clock?stream=metrics   {"now": "2026-11-22T23:59:00Z", "jitter_seconds": 3, "seed": 1}

sets the clock of one stream, made already or not, or without `stream` that of all. Without `now` it is the
machine's time, as it is again after a DELETE; GET tells it. It is the time of arrivals and of what Kinesis
tells beside them: how far a reader is behind, when a stream or a shard was made. Nothing else follows it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from infra.local.emulator.clock import Clock
from infra.local.emulator.wire import Answer, json_answer, read_body

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

PATH: Final = "/_clock"
"""No AWS request is for this path: a bucket's name has no underscore, and the other services are at /."""


class _Setting(BaseModel):
    """What a clock can be set to: pydantic's refusal of anything else is a `ValueError`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    now: AwareDatetime | None = Field(default=None, ge=datetime(1971, 1, 1, tzinfo=UTC))
    jitter_seconds: float = Field(default=0.0, ge=0, le=3600)
    seed: int = 0

    def refuse_past(self, stream: str, clock: Clock) -> None:
        """Raise `ValueError` if the stream has a later arrival: records do not go back in time."""
        if self.now is not None and self.now.timestamp() < clock.latest:
            raise ValueError(f"stream {stream} has a record that arrived at {_text(clock.latest)}")

    def apply(self, clock: Clock) -> None:
        """Set a clock."""
        now = None if self.now is None else self.now.timestamp()
        clock.set(now, self.jitter_seconds, self.seed)


class Clocks:
    """The clock of each stream by name, and their control over HTTP at `PATH`."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._common = Clock()
        self._clocks: dict[str, Clock] = {}

    def begin(self, stream: str) -> Clock:
        """Return the clock of a stream that is made now, on which nothing has arrived."""
        with self._lock:
            clock = self._of(stream)
            clock.latest = 0.0
            return clock

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer at `PATH`: the clock, after a PUT or a DELETE as it is then; 400 with what is wrong."""
        try:
            answer = self._answer(environ)
        except ValueError as error:
            answer = json_answer(str(error), HTTPStatus.BAD_REQUEST)
        return answer.send(start_response)

    def _answer(self, environ: WSGIEnvironment) -> Answer:
        query = dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))
        stream = query.pop("stream", None)
        if query or stream == "":
            raise ValueError("no other query than stream=<its name>")
        with self._lock:
            match environ["REQUEST_METHOD"]:
                case "GET":
                    pass
                case "PUT":
                    self._set(stream, _Setting.model_validate_json(read_body(environ)))
                case "DELETE":
                    self._set(stream, _Setting())
                case _:
                    return json_answer("GET, PUT or DELETE", HTTPStatus.METHOD_NOT_ALLOWED)
            return json_answer(_told(self._of(stream) if stream else self._common))

    def _set(self, stream: str | None, setting: _Setting) -> None:
        chosen = {stream: self._of(stream)} if stream else self._clocks
        for name, clock in chosen.items():
            setting.refuse_past(name, clock)
        for clock in chosen.values():
            setting.apply(clock)
        if not stream:
            setting.apply(self._common)

    def _of(self, stream: str) -> Clock:
        if stream not in self._clocks:
            self._clocks[stream] = self._common.twin()
        return self._clocks[stream]


CLOCKS: Final = Clocks()
"""Those of this process: moto makes its streams itself, and gives them nothing but their names."""


def _told(clock: Clock) -> dict[str, Any]:
    return {"now": _text(clock.now()), "jitter_seconds": clock.jitter}


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
