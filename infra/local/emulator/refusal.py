"""An AWS error as it is on the wire: XML from S3, JSON 1.1 from the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import orjson

from infra.local.emulator.wire import Answer

INTERNAL: Final = {"s3": "InternalError", "kinesis": "InternalFailure", "dynamodb": "InternalServerError"}
"""The code of a 500; Glue's is InternalServiceException."""

_STATUS: Final = {400: "400 Bad Request", 409: "409 Conflict", 503: "503 Slow Down"}
_XML: Final = """<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>{0}</Code><Message>{1}</Message><RequestId>{2}</RequestId></Error>"""
_MESSAGE: Final = "This is a fault that was asked for."
_REQUEST_ID: Final = "FAULTFAULTFAULTF"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status and AWS's code for it; without a code the service's own for "internal error"."""

    status: int
    code: str = ""

    def answer(self, service: str, method: str) -> Answer:
        """Return what the service would answer."""
        code = self.code or INTERNAL.get(service, "InternalServiceException")
        status = _STATUS.get(self.status, "500 Internal Server Error")
        if service == "s3":
            body = _XML.format(code, _MESSAGE, _REQUEST_ID) if method != "HEAD" else ""
            headers = [("Content-Type", "application/xml"), ("x-amz-request-id", _REQUEST_ID)]
            return Answer(status, headers, body.encode())
        headers = [
            ("Content-Type", "application/x-amz-json-1.1"),
            ("x-amzn-errortype", code),
            ("x-amzn-requestid", _REQUEST_ID),
        ]
        return Answer(status, headers, orjson.dumps({"__type": code, "message": _MESSAGE}))
