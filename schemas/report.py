"""The report: its JSON Schema (draft-07), compiled once, and what it says of a document."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

import fastjsonschema
import orjson

from schemas.compiled import compile_with_shortcuts

SCHEMA_VERSION: Final = "v1"
SCHEMA_TEXT: Final = files("schemas").joinpath("report.v1.schema.json").read_text(encoding="utf-8")
SCHEMA: Final[dict[str, Any]] = json.loads(SCHEMA_TEXT)

COUNTERS: Final[tuple[str, ...]] = tuple(SCHEMA["properties"]["metrics"]["properties"])
"""The six counters, as a report spells them, in the order of the schema."""


LONGEST_BYTES: Final = 8_192
"""The longest body that the edge takes and the worker reads. The longest valid one has 376 bytes.

Beyond that there is room for indentation and escapes. Decoded JSON takes up to thirty times its bytes, so
this bounds what one record can cost its reader.
"""


class NotAnObjectError(ValueError):
    """The bytes are not one JSON object in UTF-8; the text says why and never quotes them."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule of the schema: where (`$.metrics.tokenizeSuccess`) and which; never the value."""

    path: str
    rule: str
    detail: str


_FIELDS: Final[dict[str, dict[str, Any]]] = SCHEMA["properties"]

PATTERNS: Final = {
    "version": f"a semantic version (semver.org) of at most {_FIELDS['version']['maxLength']} characters",
    "stack_id": "a UUID",
}
"""What a field's pattern takes, in words.

Not the package semver: the schema is served, so its pattern is the one definition
(stream_worker/decisions/0009-parts-of-our-own.md).
"""

validate: Final = compile_with_shortcuts(SCHEMA, repeating=["version"])
"""Return the document; raise `fastjsonschema.JsonSchemaValueException` at its first violation."""

_collect: Final[Callable[[Any], Any]] = fastjsonschema.compile(SCHEMA, use_default=False, fast_fail=False)


def decode(body: bytes) -> dict[str, Any]:
    """Return the JSON object that `body` holds; raise `NotAnObjectError` for anything else.

    Edge and worker both read a body with this function, so what the edge lets pass the worker can decode.
    If a key appears twice, the last value counts. NaN, infinities, lone surrogates, a byte order mark and
    more than 1,024 levels are refused (orjson).
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        reason = f"not JSON in UTF-8: {error.msg} at character {error.pos}"
        raise NotAnObjectError(reason) from None
    if type(document) is not dict:
        reason = f"a JSON {_JSON_NAMES[type(document)]}, not an object"
        raise NotAnObjectError(reason)
    return document


def violations(document: object) -> list[Violation]:
    """Return every rule that the document breaks; an empty list is a valid report."""
    try:
        _collect(document)
    except fastjsonschema.JsonSchemaValuesException as found:
        return list(dict.fromkeys(violation(error) for error in found.errors))
    return []


def violation(error: fastjsonschema.JsonSchemaValueException) -> Violation:
    """Put one of fastjsonschema's exceptions into words without the document's values or unknown names."""
    path = "$" + "".join(f".{name}" for name in error.path[1:])
    rule = str(error.rule)
    match rule:
        case "required":
            missing = [name for name in error.rule_definition if name not in error.value]
            detail = "missing: " + ", ".join(missing)
        case "additionalProperties":
            detail = "a property that the schema does not have"
        case "pattern" | "not":
            # `not` bounds a pattern for validators whose `$` matches before a last line break, no more.
            rule, name = "pattern", error.path[-1]
            detail = f"pattern: must be {PATTERNS[name]}, such as {_FIELDS[name]['examples'][0]}"
        case _:
            detail = f"{rule}: {error.rule_definition}"
    return Violation(path, rule, detail)


_JSON_NAMES: Final = {
    list: "array",
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
}
