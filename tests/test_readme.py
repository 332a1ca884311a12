import os
import re
import subprocess
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from infra.analytics import cli as analytics
from infra.analytics.question import QUESTIONS
from ingest_api import openapi
from ingest_api.settings import EdgeSettings
from schemas.report import COUNTERS, SCHEMA, violations
from stream_worker import day_fraud, emf, fraud
from stream_worker.health import Health, Status
from stream_worker.judgement import JUDGEMENT
from stream_worker.settings import WorkerSettings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_fraud_rule_is_named_and_no_other() -> None:
    section = README.partition("\n## Fraud rules\n")[2].partition("\n### The judgement\n")[0]
    assert re.findall(r"^\| `(\w+)` \| [^|]*\|$", section, re.MULTILINE) == [
        rule.name for rule in (*fraud.RULES, *day_fraud.RULES)
    ]


def test_every_part_of_the_judgement_is_named() -> None:
    section = README.partition("### The judgement\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(JUDGEMENT.parts)


def test_the_chance_that_it_promises_is_the_rules() -> None:
    assert "one\n  genuine report in 10^10" in README
    assert all("10^10" in rule.reason for rule in fraud.RULES)


def test_what_it_says_of_versions_is_the_schemas() -> None:
    section = README.partition("\n## The report\n")[2].partition("\n## ")[0]
    quoted = re.findall(r"`([^`]*)`", section)
    named = [text for text in quoted if text == "latest" or re.fullmatch(r"[v+]?[0-9b][^/]*", text)]
    example = {"stack_id": "3d9c49ce-8367-43ec-8884-568c8d43faec", "metrics": dict.fromkeys(COUNTERS, 0)}
    valid = {text: not violations({"version": text, **example}) for text in named}
    assert valid == {
        "1.4.2": True,
        "2.0.0-rc.1": True,
        "1.9.1+b7": True,
        "v1.4.2": False,
        "2024.01.1": False,
        "01": False,
        "latest": False,
        "+b7": False,
    }
    assert f"at most {SCHEMA['properties']['version']['maxLength']} characters" in section


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:`|^)make ([a-z]+)", README, re.MULTILINE))))
def test_every_make_target_that_it_names_is_there(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_every_file_that_it_links_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert all((ROOT / link).exists() for link in links)


@pytest.mark.parametrize(
    "command", re.findall(r"^\| `((?:ingest|stream|metrics)-[^`]*)` \|", README, re.MULTILINE)
)
def test_every_command_teaches(command: str) -> None:
    name, *rest = command.split()
    sub = [word for word in rest if not word.startswith("--")]
    told = subprocess.run(
        [ROOT / ".venv" / "bin" / name, *sub, "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert len(told) > 200
    assert all(option in told for option in rest if option.startswith("--"))


def test_every_setting_stands_there_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `METRICS_(\w+)` \| ([^|]+) \|", README, re.MULTILINE))
    for settings in (EdgeSettings, WorkerSettings):
        for name, field in settings.model_fields.items():
            assert rows[name.upper()] == _told(field), name


def _told(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(default, Path):
        assert default.name == f"metrics-worker-{os.geteuid()}"
        return "`metrics-worker-UID` in `TMPDIR`, or in `/tmp`"
    return f"`{default}`" if default else "none"


def test_every_metric_stands_there_with_its_unit() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (Count|Seconds|Milliseconds|Bytes) \|", README, re.MULTILINE))
    assert rows == {name: unit for units in emf.METRICS.values() for name, unit in units.items()}


def test_every_state_of_health_stands_there() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([01]) \|", README, re.MULTILINE))
    assert rows == {status.value: str(int(not Health(status).well)) for status in Status}


def test_its_routes_and_statuses_are_those_of_the_edge() -> None:
    rows = re.findall(r"^\| `(GET|POST) ([^`]+)` \| (\d{3})", README, re.MULTILINE)
    described = openapi.DOCUMENT["paths"]
    assert {(path, method.lower()) for method, path, _ in rows} == {
        (path, method)
        for path, methods in described.items()
        for method in methods
        if method in {"get", "post"}
    }
    assert all(status in described[path][method.lower()]["responses"] for method, path, status in rows)
    errors = set(re.findall(r"^\| ([45]\d\d) \|", README, re.MULTILINE))
    said = {
        status for methods in described.values() for told in methods.values() for status in told["responses"]
    }
    assert {status for status in said if status[0] in "45"} <= errors


def test_each_question_stands_there_as_its_file_asks_it() -> None:
    rows = re.findall(r"^\| \[`(\w+)`\]\(infra/analytics/queries/\1\.sql\) \| (.+) \|$", README, re.MULTILINE)
    assert rows == [(question.name, question.title) for question in QUESTIONS.values()]


def test_every_line_of_an_analyst_is_a_command() -> None:
    """What stands in the README can be asked for help word for word."""
    lines = re.findall(r"^\.venv/bin/python -m infra\.analytics (\w+)", README, re.MULTILINE)
    assert set(lines) == {"list", "query", "report", "public"}
    for line in lines:
        assert line in analytics.main.commands
