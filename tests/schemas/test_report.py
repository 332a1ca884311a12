import json
from typing import Any

import fastjsonschema
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from schemas.report import COUNTERS, SCHEMA, NotAnObjectError, decode, validate, violations

DOCUMENT = (
    b'{"version":"0.0.1","stack_id":"3d9c49ce-8367-43ec-8884-568c8d43faec","metrics":{"tokenizeSuccess":4,'
    b'"tokenizeFailure":0,"detokenizeSuccess":2,"detokenizeFailure":0,"createGrantSuccess":2,'
    b'"createGrantFailure":0}}'
)


plain = fastjsonschema.compile(SCHEMA, use_default=False)


def verdict(judge: Any, document: object) -> tuple[str, str, object]:  # noqa: ANN401 - any compiled schema
    try:
        judge(document)
    except fastjsonschema.JsonSchemaValueException as error:
        return (str(error.name), str(error.rule), error.message)
    return ("valid", "", "")


def report(**changes: object) -> dict[str, Any]:
    return orjson.loads(DOCUMENT) | changes  # type: ignore[no-any-return] # orjson knows no types


def with_counter(value: object) -> dict[str, Any]:
    return report(metrics=report()["metrics"] | {"tokenizeSuccess": value})


def broken(document: object) -> list[tuple[str, str]]:
    assert verdict(validate, document) == verdict(plain, document)
    return [(found.path, found.rule) for found in violations(document)]


def test_the_document_that_deployments_send_is_accepted_as_it_stands() -> None:
    assert validate(decode(DOCUMENT)) == json.loads(DOCUMENT)


def test_the_counters_are_the_six() -> None:
    assert COUNTERS == (
        "tokenizeSuccess",
        "tokenizeFailure",
        "detokenizeSuccess",
        "detokenizeFailure",
        "createGrantSuccess",
        "createGrantFailure",
    )


@pytest.mark.parametrize("value", [0, 1, 2**53 - 1, 1.0, 0.0, 1e3, -0.0])
def test_draft_07_calls_a_number_without_a_fraction_an_integer(value: float) -> None:
    assert broken(with_counter(value)) == []


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (True, "type"),
        (False, "type"),
        (1.5, "type"),
        ("1", "type"),
        (None, "type"),
        ([], "type"),
        (-1, "minimum"),
        (-1.0, "minimum"),
        (2**53, "maximum"),
        (2.0**53, "maximum"),
        (1e300, "maximum"),
    ],
)
def test_a_boolean_is_no_integer_and_bounds_hold(value: object, rule: str) -> None:
    assert broken(with_counter(value)) == [("$.metrics.tokenizeSuccess", rule)]


def test_the_client_that_sent_collected_metrics_is_told_so() -> None:
    document = report()
    document["collected_metrics"] = document.pop("metrics")
    assert [(found.path, found.detail) for found in violations(document)] == [
        ("$", "missing: metrics"),
        ("$", "a property that the schema does not have"),
    ]


@pytest.mark.parametrize("name", ["version", "stack_id", "metrics"])
def test_every_property_is_required(name: str) -> None:
    document = report()
    del document[name]
    assert broken(document) == [("$", "required")]


@pytest.mark.parametrize("name", COUNTERS)
def test_every_counter_is_required(name: str) -> None:
    document = report()
    del document["metrics"][name]
    assert broken(document) == [("$.metrics", "required")]


@pytest.mark.parametrize("length", [1, 64])
def test_a_version_has_1_to_64_characters(length: int) -> None:
    assert broken(report(version="é" * length)) == []
    assert broken(report(version="")) == [("$.version", "minLength")]
    assert broken(report(version="x" * 65)) == [("$.version", "maxLength")]


@pytest.mark.parametrize(
    "stack_id", ["3D9C49CE-8367-43EC-8884-568C8D43FAEC", "3d9c49ce-8367-43EC-8884-568c8d43faec"]
)
def test_a_stack_id_is_a_uuid_in_either_case(stack_id: str) -> None:
    assert broken(report(stack_id=stack_id)) == []


@pytest.mark.parametrize(
    ("stack_id", "rule"),
    [
        ("", "pattern"),
        ("3d9c49ce836743ec8884568c8d43faec", "pattern"),
        ("{3d9c49ce-8367-43ec-8884-568c8d43faec}", "maxLength"),
        ("3d9c49ce-8367-43ec-8884-568c8d43faec\n", "maxLength"),
        (" 3d9c49ce-8367-43ec-8884-568c8d43faec", "maxLength"),
        ("3d9c49ce-8367-43ec-8884-568c8d43fae", "pattern"),
        ("3d9c49ce-8367-43ec-8884-568c8d43fae\n", "pattern"),
        ("3d9c49ce-8367-43ec-8884-568c8d43faeg", "pattern"),
        ("\u0663d9c49ce-8367-43ec-8884-568c8d43fae", "pattern"),
    ],
)
def test_what_is_no_uuid_is_refused(stack_id: str, rule: str) -> None:
    assert broken(report(stack_id=stack_id))[0] == ("$.stack_id", rule)


PATTERNED = [name for name, field in SCHEMA["properties"].items() if "pattern" in field]


@pytest.mark.parametrize("name", PATTERNED)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\u2028", "\x00", " "])
def test_other_validators_too_refuse_what_follows_a_patterns_end(name: str, end: str) -> None:
    other, example = Draft7Validator(SCHEMA), SCHEMA["properties"][name]["examples"][0]
    assert other.is_valid(report(**{name: example}))
    assert not other.is_valid(report(**{name: example + end}))  # Python's `$` matches before a last "\n"
    assert broken(report(**{name: example + end}))


def test_all_violations_are_told_at_once() -> None:
    document = with_counter(-1) | {"version": "", "stack_id": 7}
    assert broken(document) == [
        ("$.version", "minLength"),
        ("$.stack_id", "type"),
        ("$.metrics.tokenizeSuccess", "minimum"),
    ]


def test_a_violation_quotes_no_value_and_no_unknown_name() -> None:
    document = report(version=["SECRET"], stack_id="SECRET") | {"SECRET": "SECRET"}
    document["metrics"] |= {"tokenizeSuccess": "SECRET", "SECRET": 1}
    found = violations(document)
    assert len(found) == 5
    assert "SECRET" not in str(found)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON in UTF-8"),
        (b"{", "not JSON in UTF-8"),
        (b'{"a":"\xff"}', "not JSON in UTF-8"),
        (b"NaN", "not JSON in UTF-8"),
        (b"[1]", "a JSON array where an object is wanted"),
        (b"null", "a JSON null where an object is wanted"),
        (b'"x"', "a JSON string where an object is wanted"),
        (b"1.5", "a JSON number where an object is wanted"),
        (b"true", "a JSON boolean where an object is wanted"),
    ],
)
def test_what_is_not_an_object_is_refused_with_the_reason(body: bytes, reason: str) -> None:
    with pytest.raises(NotAnObjectError, match=reason):
        decode(body)


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.integers(2**53 - 3, 2**53 + 3)
    | st.floats()
    | st.text(max_size=3)
)
values = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.text(max_size=3), scalars, max_size=2)
near_metrics = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(COUNTERS, st.integers(0, 9) | values) | {"more": values}
)
full_metrics = st.fixed_dictionaries(dict.fromkeys(COUNTERS, st.integers(0, 2**53) | values))
documents = (
    st.fixed_dictionaries(
        {},
        optional={
            "version": st.just("1.0.0") | values,
            "stack_id": st.uuids().map(str) | values,
            "metrics": near_metrics | full_metrics | values,
            "more": values,
        },
    )
    | st.fixed_dictionaries(
        {"version": st.text(max_size=66), "stack_id": st.uuids().map(str), "metrics": full_metrics}
    )
    | values
)


@given(documents)
def test_the_shortcuts_judge_as_fastjsonschema_does(document: object) -> None:
    assert verdict(validate, document) == verdict(plain, document)


@given(documents)
def test_the_first_violation_is_the_one_that_refuses(document: object) -> None:
    name, rule, _ = verdict(validate, document)
    found = violations(document)
    assert (name == "valid") == (not found)
    assert not found or (found[0].rule, found[0].path) == (rule, name.replace("data", "$", 1))
