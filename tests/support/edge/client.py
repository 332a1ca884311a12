"""Asks the WSGI application without a server, as any WSGI server would."""

from dataclasses import dataclass
from typing import Any
from wsgiref.types import WSGIApplication
from wsgiref.validate import validator

import orjson
from werkzeug.test import Client as Werkzeug
from werkzeug.test import EnvironBuilder, run_wsgi_app


@dataclass(frozen=True)
class Result:
    """What was answered; the headers' names are in lower case."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def document(self) -> Any:  # noqa: ANN401 - whatever JSON it is
        return orjson.loads(self.content)


class Client:
    """A client of one application, which is held to PEP 3333 meanwhile."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._werkzeug = Werkzeug(validator(application))

    def ask(
        self, method: str, path: str, data: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Result:
        with self._werkzeug.open(path, method=method, data=data, headers=headers or {}) as answer:
            named = {name.lower(): value for name, value in answer.headers.items()}
            return Result(answer.status_code, named, answer.get_data())

    def call(self, body: object, path: str, environ: dict[str, str]) -> Result:
        """POST with an environment that no well-behaved server makes."""
        whole = EnvironBuilder(path, method="POST").get_environ() | {"wsgi.input": body} | environ
        content, status, headers = run_wsgi_app(self._application, whole, buffered=True)
        named = {name.lower(): value for name, value in headers.items()}
        return Result(int(status.split()[0]), named, b"".join(content))
