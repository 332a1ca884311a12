"""The emulated AWS: Kinesis, DynamoDB, S3, Glue and CloudWatch of moto, repaired, on one loopback port.

`python -m infra.local.emulator.cloud --port 5000`, until SIGTERM, SIGINT or SIGHUP. Nothing outlives it.
It speaks HTTP/1.1, and HTTP/2 without TLS ("prior knowledge", which the Kinesis Client Library insists on).
It breaks on demand (`faults`), lets records arrive on another day (`clocks`), and counts the calls that it
gets (`calls`).
"""

import argparse
import copy
import logging
import multiprocessing
import os
import signal
import sys
import threading
from typing import Any, Final

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LOGGING_CONFIG, LogLevels
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from infra.local.emulator import calls, clocks, faults
from infra.local.emulator.kinesis import repairs as kinesis_repairs
from infra.local.emulator.operation import caller_of, operation_of
from infra.local.emulator.s3 import repairs as s3_repairs
from infra.local.ports import LOOPBACK, PortTakenError, refuse_taken

SERVICES: Final = ("cloudwatch", "dynamodb", "glue", "kinesis", "s3")
STOP_SECONDS: Final = 5
"""How long requests in flight may take after SIGTERM; those that take longer see a broken connection."""


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal comes; return the process's exit status."""
    parser = argparse.ArgumentParser("infra.local.emulator.cloud", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="the loopback port to listen on")
    port = parser.parse_args(arguments).port
    try:
        refuse_taken(port)
    except PortTakenError as error:
        sys.stderr.write(f"infra.local.emulator.cloud: {error}\n")
        return 1
    serve(port)
    return 0


def serve(port: int) -> None:
    """Serve on 127.0.0.1:`port` in one worker process: two would each have half of the cloud."""
    server = Granian(
        "moto",
        address=LOOPBACK,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.auto,
        websockets=False,
        workers=1,
        # Python's threads take turns anyway, and Granian starts one only when all others are at work. So the
        # requests that hang on demand have threads of their own, and everybody else no fewer than before.
        blocking_threads=min(8, 2 * multiprocessing.cpu_count() + 1) + faults.HANGING,
        workers_kill_timeout=STOP_SECONDS,
        log_level=LogLevels.warning,
        log_dictconfig=_logging(),
    )
    # To Granian SIGHUP means a new worker, which would be an empty cloud; to a terminal that closes, the end.
    server.on_startup(lambda: signal.signal(signal.SIGHUP, server.signal_handler_interrupt))
    try:
        server.serve(target_loader=application)
    except SystemExit:
        # SIGTERM to the whole process group ends the worker first, which to Granian is a failure.
        if not server.interrupt_signal:
            raise


def application(_target: str) -> "Dispatcher":
    """Return moto's WSGI application, repaired. Granian calls this on the worker process's main thread."""
    # Ctrl-C reaches worker and parent alike: the parent alone answers it, or Granian reports a dead worker.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()
    kinesis_repairs.repair()
    s3_repairs.repair()
    return Dispatcher()


class Dispatcher(DomainDispatcherApplication):
    """moto's services, each found by the name that its requests are signed for; calls counted, faults met."""

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        self._calls = calls.Calls()
        self._faults = faults.Faults()
        self._controls: dict[str, Any] = {
            calls.PATH: self._calls,
            clocks.PATH: clocks.CLOCKS,
            faults.PATH: self._faults,
        }
        self._backends: dict[str | None, Any] = {}
        for service in SERVICES:  # loaded here, so that the first request does not wait for it
            self.app_instances[service] = create_backend_app(service)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:  # noqa: ANN401 - moto's signature
        """Answer a request: moto's answer, unless it meets a fault."""
        control = self._controls.get(environ["PATH_INFO"])
        if control is not None:
            return control(environ, start_response)
        operation = operation_of(environ)
        if operation is None:
            return super().__call__(environ, start_response)
        self._calls.count(caller_of(environ), operation)
        plan = self._faults.plan
        if plan is None:
            return super().__call__(environ, start_response)
        return faults.meet(plan, operation, super().__call__, environ, start_response)

    def get_backend_for_host(self, host: str | None) -> Any:  # noqa: ANN401 - moto's signature
        """Return the service behind a host; moto lists its folders each time, half of a put's time."""
        if host not in self._backends:
            self._backends[host] = super().get_backend_for_host(host)
        return self._backends[host]


def _end_with_parent() -> None:
    # After a SIGKILL of the parent nobody is left to stop the worker, and it would keep the port for ever.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _logging() -> dict[str, Any]:
    # Granian logs to stdout; a supervisor looks for what went wrong on stderr.
    config: dict[str, Any] = copy.deepcopy(LOGGING_CONFIG)
    for handler in config["handlers"].values():
        handler["stream"] = "ext://sys.stderr"
        handler["filters"] = ["news"]
    config["filters"] = {"news": {"()": lambda: _news}}
    return config


def _news(record: logging.LogRecord) -> bool:
    # That there may be more threads than Granian thinks good is meant so; it says it at each start.
    return "Configuration allows spawning" not in record.getMessage()


if __name__ == "__main__":
    raise SystemExit(main())
