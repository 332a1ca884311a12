"""Faults on demand: the plan in force, how it is set over HTTP, and how a request meets it.

    POST /_faults   [{"service": "s3", "operation": "PutObject", "kind": "slow_down", "seconds": 5}, ...]

replaces the plan, GET lists it with the number of hits, DELETE ends it and lists it a last time.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from enum import Enum, auto
from http import HTTPStatus
from threading import BoundedSemaphore, Event, Lock
from typing import TYPE_CHECKING, Any, Final

from infra.local.emulator.fault import Fault, Kind, parse
from infra.local.emulator.refusal import Refusal
from infra.local.emulator.wire import Answer, break_off, json_answer, read_body, run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from infra.local.emulator.operation import Operation

PATH: Final = "/_faults"
"""No AWS request is for this path: a bucket's name has no underscore, and the other services are at /."""

HANGING: Final = 24
"""How many requests may hang at once; one more is broken off at once. Each holds a thread of the server."""


class _Step(Enum):
    DO = auto()
    HANG = auto()
    BREAK = auto()


_STEPS: Final[dict[Kind, tuple[_Step | Refusal, ...]]] = {
    Kind.SLOW_DOWN: (Refusal(503, "SlowDown"),),
    Kind.CONFLICT: (Refusal(409, "ConditionalRequestConflict"),),
    Kind.THROUGHPUT_EXCEEDED: (Refusal(400, "ProvisionedThroughputExceededException"),),
    Kind.THROTTLING: (Refusal(400, "ThrottlingException"),),
    Kind.EXPIRED_ITERATOR: (Refusal(400, "ExpiredIteratorException"),),
    Kind.ACCESS_DENIED: (Refusal(400, "AccessDeniedException"),),
    Kind.FAIL: (Refusal(500),),
    Kind.BREAK: (_Step.BREAK,),
    Kind.HANG_THEN_DO: (_Step.HANG,),
    Kind.HANG_THEN_BREAK: (_Step.HANG, _Step.BREAK),
    Kind.DO_THEN_FAIL: (_Step.DO, Refusal(500)),
    Kind.DO_THEN_BREAK: (_Step.DO, _Step.BREAK),
    Kind.DO_THEN_HANG: (_Step.DO, _Step.HANG),
}
"""The last step that answers is the answer; where none does, it is done then and there."""


class FaultPlan:
    """Faults from now on, in the order of the list: the first that strikes a request is the only one.

    A request is counted against every fault that matches it until one strikes.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.ended = Event()
        self._faults = tuple(faults)
        self._began = time.monotonic()
        self._lock = Lock()
        self._asked = [0] * len(faults)
        self._hits = [0] * len(faults)
        self._overfull = 0
        self._places = BoundedSemaphore(HANGING)

    def strike(self, operation: Operation) -> Fault | None:
        """Return the fault that this request meets, and count it."""
        age = time.monotonic() - self._began
        with self._lock:
            for place, fault in enumerate(self._faults):
                if fault.matches(operation) and (fault.seconds is None or age < fault.seconds):
                    self._asked[place] += 1
                    if self._due(place, fault):
                        self._hits[place] += 1
                        return fault
        return None

    def hang(self, seconds: float) -> bool:
        """Wait, or until the plan ends; False at once if as many hang as may."""
        if not self._places.acquire(blocking=False):
            with self._lock:
                self._overfull += 1
            return False
        try:
            self.ended.wait(seconds)
        finally:
            self._places.release()
        return True

    def report(self) -> dict[str, Any]:
        """Return {"faults": [a fault and its "hits"], "overfull": hanging requests broken off at once}."""
        with self._lock:
            pairs = zip(self._faults, self._hits, strict=True)
            return {
                "faults": [asdict(one) | {"hits": hits} for one, hits in pairs],
                "overfull": self._overfull,
            }

    def _due(self, place: int, fault: Fault) -> bool:
        if fault.times is not None and self._hits[place] >= fault.times:
            return False
        asked = self._asked[place]
        # A millionth, so that three thirds are one; no dice, so that a test sees the same each time.
        return int(asked * fault.share + 1e-6) > int((asked - 1) * fault.share + 1e-6)


class Faults:
    """The plan in force, if any, and its control over HTTP at `PATH`."""

    def __init__(self) -> None:
        self.plan: FaultPlan | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer at `PATH`: always the report, after a DELETE that of the plan that has ended."""
        plan = self.plan
        match environ["REQUEST_METHOD"]:
            case "GET":
                pass
            case "POST":
                try:
                    plan = FaultPlan(parse(read_body(environ)))
                except ValueError as error:
                    return json_answer(str(error), HTTPStatus.BAD_REQUEST).send(start_response)
                self._replace(plan)
            case "DELETE":
                self._replace(None)
            case _:
                return json_answer("GET, POST or DELETE", HTTPStatus.METHOD_NOT_ALLOWED).send(start_response)
        return json_answer((plan or FaultPlan([])).report()).send(start_response)

    def _replace(self, plan: FaultPlan | None) -> None:
        before, self.plan = self.plan, plan
        if before is not None:
            before.ended.set()  # what hangs goes on at once


def meet(
    plan: FaultPlan,
    operation: Operation,
    application: WSGIApplication,
    environ: WSGIEnvironment,
    start_response: StartResponse,
) -> Iterable[bytes]:
    """Answer a request as the plan wants it; as the application does, if no fault strikes."""
    fault = plan.strike(operation)
    if fault is None:
        return application(environ, start_response)
    read_body(environ)  # or a client that still sends would see a broken connection instead of the answer
    answer: Answer | None = None
    for step in _STEPS[fault.kind]:
        match step:
            case Refusal():
                answer = step.answer(operation.service, environ["REQUEST_METHOD"])
            case _Step.DO:
                answer = run(application, environ)
            case _Step.HANG if not plan.hang(fault.hang):
                return break_off(environ, start_response)
            case _Step.BREAK:
                return break_off(environ, start_response)
    return application(environ, start_response) if answer is None else answer.send(start_response)
