import json
from typing import Any

import fastjsonschema
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from schemas.compiled import REMEMBERED_MOST, compile_with_shortcuts
from schemas.releases import RELEASED
from schemas.report import (
    COUNTERS,
    PATTERNS,
    SCHEMA,
    NotAnObjectError,
    decode,
    validate,
    violation,
    violations,
)
from tests.schemas.versions import BAD, GOOD, NEAR

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


@pytest.mark.parametrize("version", GOOD)
def test_a_semantic_version_is_valid(version: str) -> None:
    assert broken(report(version=version)) == []
    assert Draft7Validator(SCHEMA).is_valid(report(version=version))


@pytest.mark.parametrize("version", BAD)
def test_any_other_version_is_invalid_at_its_path(version: str) -> None:
    assert {path for path, _ in broken(report(version=version))} == {"$.version"}
    assert not Draft7Validator(SCHEMA).is_valid(report(version=version))


def test_a_version_has_at_most_64_characters() -> None:
    assert broken(report(version=f"1.0.0-{'a' * 58}")) == []
    assert broken(report(version=f"1.0.0-{'a' * 59}")) == [("$.version", "maxLength")]


@given(NEAR)
def test_other_validators_take_the_same_versions(version: str) -> None:
    assert Draft7Validator(SCHEMA).is_valid(report(version=version)) == (not broken(report(version=version)))


def test_every_release_has_a_version_without_build_metadata() -> None:
    for version in RELEASED:
        assert broken(report(version=version)) == []
        assert "+" not in version


@pytest.mark.parametrize("version", ["2024.01.1", "v1.4.2", "1.4.2\n", ""])
def test_a_mistyped_version_is_one_violation_that_says_in_words_what_is_required(version: str) -> None:
    (found,) = violations(report(version=version))
    assert (found.path, found.rule) == ("$.version", "pattern")
    assert found.detail == (
        "pattern: must be a semantic version (semver.org) of at most 64 characters, such as 1.4.2"
    )


def test_every_pattern_has_words() -> None:
    assert set(PATTERNED) == set(PATTERNS)
    (found,) = violations(report(stack_id="7"))
    assert found.detail == "pattern: must be a UUID, such as 3d9c49ce-8367-43ec-8884-568c8d43faec"


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
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\u0085", "\u2028", "\x00", " "])
def test_other_validators_too_refuse_what_follows_a_patterns_end(name: str, end: str) -> None:
    other, example = Draft7Validator(SCHEMA), SCHEMA["properties"][name]["examples"][0]
    assert other.is_valid(report(**{name: example}))
    assert not other.is_valid(report(**{name: example + end}))  # Python's `$` matches before a last "\n"
    assert broken(report(**{name: example + end}))


def test_all_violations_are_told_at_once() -> None:
    document = with_counter(-1) | {"version": "", "stack_id": 7}
    assert broken(document) == [
        ("$.version", "pattern"),
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
        (b"[1]", "a JSON array, not an object"),
        (b"null", "a JSON null, not an object"),
        (b'"x"', "a JSON string, not an object"),
        (b"1.5", "a JSON number, not an object"),
        (b"true", "a JSON boolean, not an object"),
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
            "version": NEAR | values,
            "stack_id": st.uuids().map(str) | values,
            "metrics": near_metrics | full_metrics | values,
            "more": values,
        },
    )
    | st.fixed_dictionaries({"version": NEAR, "stack_id": st.uuids().map(str), "metrics": full_metrics})
    | values
)


@given(documents)
def test_the_shortcuts_judge_as_fastjsonschema_does(document: object) -> None:
    assert verdict(validate, document) == verdict(plain, document)


@given(documents)
def test_what_has_passed_before_passes_again_and_nothing_else_does(document: object) -> None:
    before = verdict(validate, document)
    assert verdict(validate, document) == before == verdict(plain, document)


def test_more_versions_than_are_remembered_are_judged_alike() -> None:
    judge = compile_with_shortcuts(SCHEMA, repeating=["version"])
    for patch in [*range(REMEMBERED_MOST + 2), 0, 1]:
        assert verdict(judge, report(version=f"1.0.{patch}")) == ("valid", "", "")
        assert verdict(judge, report(version=f"1.0.0{patch}"))[0] == "data.version"
    assert 0 < len(judge.__globals__["data__version__PASSED"]) <= REMEMBERED_MOST


@given(documents)
def test_the_first_violation_is_the_one_that_refuses(document: object) -> None:
    found = violations(document)
    if not found:
        validate(document)
        return
    with pytest.raises(fastjsonschema.JsonSchemaValueException) as refused:
        validate(document)
    assert violation(refused.value) == found[0]
