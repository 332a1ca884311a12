"""The edge's server with an application that fails where the edge's own does not."""

import socket
import sys
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse

from ingest_api.answer import Answer
from ingest_api.drain import Drain
from ingest_api.pending import Later, Pending
from ingest_api.serving.server import Server, listen
from ingest_api.settlement import Settlement

LONG = 1000.0


class Broken(Pending):
    """A response that fails when it is to start."""

    def finish(self) -> list[bytes]:
        raise LookupError


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Fail at the deadline (`/late`), when it is woken (`/woken`), at once (`/now`), or not at all."""
    match environ["PATH_INFO"]:
        case "/late":
            return Broken(Later(Settlement(), 0.1, _well), start_response, head=False)
        case "/woken":
            settled = Settlement()
            settled.settle()
            return Broken(Later(settled, LONG, _well), start_response, head=False)
        case "/now":
            raise LookupError
        case _:
            return _well().start(start_response, head=False)


def _well() -> Answer:
    return Answer.of("well")


def main() -> None:
    listener = listen(("127.0.0.1", 0), socket.AF_INET)
    listener.listen()
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    Server(application, Drain(), capacity=10, grace=1).serve(listener)


if __name__ == "__main__":
    main()
