"""The runbook holds a page for each alarm that the stacks make, and names what they make."""

from __future__ import annotations

import re

import pytest

from tests.support import synthesis
from tests.support.alarm import Alarm, alarms
from tests.support.runbook import PARTS, ROOT, matches, pages, preface


def test_each_alarm_has_a_page_and_each_page_an_alarm() -> None:
    assert set(pages()) == set(alarms())


@pytest.mark.parametrize("name", pages())
def test_a_page_says_when_its_alarm_rings(name: str) -> None:
    assert " ".join(pages()[name].parts["Means"].split()).startswith(rings(alarms()[name]))


def rings(alarm: Alarm) -> str:
    side = "above" if alarm.rising else "below"
    of, after, minutes = alarm.periods
    or_missing = ", or missing" if alarm.missing_is_wrong else ""
    return (
        f"Rings when `{alarm.label}` is {side} {alarm.threshold:,} in {after} of {of} periods of"
        f" {minutes} min{or_missing}."
    )


@pytest.mark.parametrize("name", pages())
def test_a_page_tells_what_it_means_where_to_look_and_what_to_do(name: str) -> None:
    page = pages()[name]
    assert list(page.parts) == [part for part in PARTS if part in page.parts]
    assert page.steps("Look")
    assert page.steps("Do")
    assert not page.steps("Means")
    for part in page.parts:
        assert all(step.prints for step in page.steps(part)), part


def test_its_links_between_pages_lead_somewhere() -> None:
    ids = {name for page in pages().values() for text in page.parts.values() for name in told(text)}
    assert ids <= set(pages())


def told(text: str) -> list[str]:
    return re.findall(r"`((?:iterator|oldest|shard|rejects|edge|write|seal|audit|no)-[a-z0-9-]+)`", text)


def test_it_asks_for_outputs_that_the_stacks_have() -> None:
    asked = re.findall(r"output (\w+) (\w+)\)", preface()[0])
    assert asked
    for stack, output in asked:
        assert output in synthesis.templates()[stack]["Outputs"]
    assert {"Workgroup", "DatabaseName"} <= set(synthesis.templates()[synthesis.DATA]["Outputs"])


def test_it_asks_for_the_families_and_the_streams_of_logs_that_the_tasks_have() -> None:
    template = synthesis.templates()[synthesis.SERVICES]
    tasks = synthesis.resources(template, "AWS::ECS::TaskDefinition").values()
    application = synthesis.templates()[synthesis.DATA]["Outputs"]["ApplicationName"]["Value"]
    assert {task["Family"] for task in tasks} == {
        f"{application}-{name}" for name in ("edge", "worker", "days")
    }
    days = synthesis.container("days")
    prefix = days["LogConfiguration"]["Options"]["awslogs-stream-prefix"]
    assert f"{prefix}/{days['Name']}/" in preface()[0]
    assert f'\\"name\\":\\"{days["Name"]}\\"' in preface()[0]
    assert days["EntryPoint"] == ["stream-worker"]


def test_its_queries_call_nothing_that_only_one_of_athena_and_duckdb_has() -> None:
    queries = [
        step.command
        for page in pages().values()
        for part in page.parts
        for step in page.steps(part)
        if step.language == "sql"
    ]
    called = {name for query in queries for name in re.findall(r"\b(\w+)\(", query)}
    assert called == {"CAST", "count", "max", "min"}


def test_what_an_audit_calls_wrong_is_what_the_code_calls_so() -> None:
    rows = re.findall(r"^\| (`[^|]*) \|", pages()["audit-failed"].parts["Look"], re.MULTILINE)
    words = {word for row in rows for word in re.findall(r"`([a-z]+)`", row)}
    assert {"missing", "damaged", "foreign"} <= words
    code = [path.read_text(encoding="utf-8") for path in (ROOT / "stream_worker").rglob("*.py")]
    problems = {kind for text in code for kind in re.findall(r'"([a-z]+): ', text)} | {"extra"}
    assert words <= problems


def test_what_is_printed_is_compared_with_what_is_told() -> None:
    assert matches('a …\n…\n{"day": "…"}\n', 'a  b\n1\n2\n{"day": "2026-11-22"}\n')
    assert matches("(nothing)\n", "\n")
    assert not matches("a …\n", "a b\nc\n")
    assert not matches("(nothing)\n", "a\n")
    assert not matches("1 …\n", "2 3\n")
