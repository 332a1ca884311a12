"""The OpenAPI 3.1 document, true to `app`: a test provokes every status that is listed here, and no other."""

from typing import Any, Final

from ingest_api.problems import PROBLEM_JSON
from schemas import __version__
from schemas.report import LONGEST_BYTES, SCHEMA

_Json = dict[str, Any]

_REPORT: Final[_Json] = {key: value for key, value in SCHEMA.items() if key not in {"$schema", "$id"}}

_RECORD_ID: Final[_Json] = {
    "type": "object",
    "required": ["record_id"],
    "properties": {
        "record_id": {
            "type": "string",
            "description": "`<shard id>:<sequence number>`: where on the stream the report is.",
        }
    },
}

_VERDICT: Final[_Json] = {
    "type": "object",
    "required": ["valid", "errors"],
    "properties": {
        "valid": {"type": "boolean"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "rule", "detail"],
                "properties": {
                    "path": {"type": "string", "description": "Where, as a JSON path."},
                    "rule": {"type": "string", "description": "Which rule of the schema."},
                    "detail": {"type": "string", "description": "In words, without the value."},
                },
            },
        },
    },
}

_PROBLEM: Final[_Json] = {
    "type": "object",
    "description": "RFC 9457. The detail says what to do next.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}

_STATUS: Final[_Json] = {
    "type": "object",
    "required": ["status"],
    "properties": {"status": {"type": "string"}},
}

_RETRY_AFTER: Final[_Json] = {
    "Retry-After": {"description": "Seconds to wait.", "required": True, "schema": {"type": "integer"}}
}

_ACCEPT_ENCODING: Final[_Json] = {
    "Accept-Encoding": {
        "description": "Which content codings are taken: none. Only where there was one.",
        "schema": {"type": "string", "const": "identity"},
    }
}


def _named(name: str) -> _Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(meaning: str, schema: _Json, content_type: str = "application/json") -> _Json:
    return {"description": meaning, "content": {content_type: {"schema": schema}}}


def _problem(meaning: str) -> _Json:
    return _answer(meaning, _named("Problem"), PROBLEM_JSON)


_UNAVAILABLE: Final[_Json] = _problem("The stream does not take reports now.") | {"headers": _RETRY_AFTER}

_REFUSALS: Final[_Json] = {
    "400": _problem("The body is not one JSON object in UTF-8, or not as long as it says."),
    "403": _problem("A browser asks for another site."),
    "408": _problem("The request did not come whole in time. The connection ends."),
    "413": _problem(f"The body is longer than {LONGEST_BYTES:,} bytes."),
    "415": _problem(
        "The content type is not JSON (none at all counts as JSON), or the body has a content coding."
    )
    | {"headers": _ACCEPT_ENCODING},
    "431": _problem("The head is too long. The connection ends."),
    "500": _problem("The edge failed."),
}


def _post(name: str, summary: str, answers: _Json) -> _Json:
    sent = {"required": True, "content": {"application/json": {"schema": _named("Report")}}}
    return {
        "post": {
            "operationId": name,
            "summary": summary,
            "requestBody": sent,
            "responses": answers | _REFUSALS,
        }
    }


def _get(name: str, summary: str, answers: _Json) -> _Json:
    empty = {
        status: {key: part for key, part in answer.items() if key != "content"}
        for status, answer in answers.items()
    }
    return {
        "get": {"operationId": name, "summary": summary, "responses": answers},
        "head": {"operationId": f"{name}Head", "summary": f"{summary} Headers alone.", "responses": empty},
    }


DOCUMENT: Final[_Json] = {
    "openapi": "3.1.0",
    "jsonSchemaDialect": "http://json-schema.org/draft-07/schema#",
    "info": {
        "title": "Usage metrics",
        "version": __version__,
        "description": "Takes one usage report a day from each deployment. Errors are problem documents.",
    },
    "paths": {
        "/": _get(
            "disclosure",
            "What is collected, and how to switch it off.",
            {"200": _answer("The page.", {"type": "string"}, "text/html")},
        ),
        "/healthz": _get("health", "Whether the process is alive.", {"200": _answer("It is.", _STATUS)}),
        "/openapi.json": _get(
            "description", "This document.", {"200": _answer("The document.", {"type": "object"})}
        ),
        "/readyz": _get(
            "readiness",
            "Whether reports can be taken now.",
            {"200": _answer("They can.", _STATUS), "503": _UNAVAILABLE},
        ),
        "/v1/metrics": _post(
            "report",
            "Send a report. It is validated later; if rejected, it is kept whole, with the reason.",
            {"202": _answer("The stream has the report.", _RECORD_ID), "503": _UNAVAILABLE},
        ),
        "/v1/metrics/check": _post(
            "check",
            "Validate a report by the schema; nothing is stored.",
            {"200": _answer("The verdict.", _VERDICT)},
        ),
        "/v1/schema": _get(
            "schema",
            "The JSON Schema of a report.",
            {"200": _answer("The schema.", {"type": "object"}, "application/schema+json")},
        ),
    },
    "components": {"schemas": {"Report": _REPORT, "Problem": _PROBLEM}},
}
