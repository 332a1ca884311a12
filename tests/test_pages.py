"""What the pages say is what the code does, and their links lead somewhere."""

import os
import re
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from pydantic.fields import FieldInfo

from infra.analytics import cli as analytics
from infra.analytics.questions import QUESTIONS
from infra.local.cli import main as local
from ingest_api import openapi
from ingest_api.settings import EdgeSettings
from schemas.environment import Settings
from schemas.report import COUNTERS, SCHEMA, violations
from stream_worker.commands.cli import main as worker
from stream_worker.judging import day_fraud, fraud
from stream_worker.judging.judgement import JUDGEMENT
from stream_worker.process import emf
from stream_worker.process.settings import WorkerSettings
from stream_worker.shard_life.health import Health, Status
from tests.support.pages import (
    ANALYTICS,
    EDGE,
    INFRA,
    README,
    ROOT,
    SCHEMAS,
    TESTS,
    WORKER,
    Page,
    all_pages,
)

PAGES = all_pages()
COMMAND = re.compile(r"^\| `((?:ingest|stream|metrics)-[^`]*)` \|", re.MULTILINE)
COMMANDS = [command for page in PAGES for command in COMMAND.findall(page.text)]
CLICK = {"stream-worker": worker, "metrics-local": local}
TARGETS = {
    target for page in PAGES for target in re.findall(r"(?:`|^)make ([a-z]+)", page.text, re.MULTILINE)
}


def test_a_page_is_read_without_its_code(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("# One\n\n## `two`: a b\n[x](y#z) `[p](q)`\n```sh\n# not\n[r](s)\n```\nend\n## Three\n")
    page = Page(str(path))
    assert page.anchors == ("one", "two-a-b", "three")
    assert page.links == ("y#z",)
    assert page.section("`two`: a b").endswith("```\nend\n")
    with pytest.raises(LookupError, match="0 times"):
        page.section("not")


def test_the_first_page_is_short() -> None:
    assert len(README.text.splitlines()) <= 200


def test_the_first_page_shows_a_picture_of_the_report_page_and_says_what_is_in_it() -> None:
    ((said, path),) = re.findall(r"!\[(.+?)\]\((.+?)\)", README.text)
    assert len(said) > 40
    picture = (ROOT / path).read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 100_000


def test_every_fraud_rule_is_named_and_no_other() -> None:
    section = WORKER.section("Fraud rules")
    assert re.findall(r"^\| `(\w+)` \| [^|]*\|$", section, re.MULTILINE) == [
        rule.name for rule in (*fraud.RULES, *day_fraud.RULES)
    ]


def test_every_part_of_the_judgement_is_named() -> None:
    section = WORKER.section("The judgement")
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(JUDGEMENT.parts)


def test_the_chance_that_the_first_page_promises_is_the_rules() -> None:
    assert "at most one genuine report in 10^10" in README.text
    assert all("10^10" in rule.reason for rule in fraud.RULES)


def test_what_is_said_of_versions_is_the_schemas() -> None:
    section = SCHEMAS.section("The report")
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


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_every_make_target_that_a_page_names_is_there(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(page: Page) -> None:
    for link in page.links:
        if re.match(r"https?://", link):
            continue
        name, _, anchor = link.partition("#")
        target = page.path.parent / name if name else page.path
        assert target.exists(), link
        if anchor:
            assert target.suffix == ".md", link
            assert _at(target).anchors.count(anchor) == 1, link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_that_a_page_names_is_there(page: Page) -> None:
    top = "findings|infra|ingest_api|schemas|stream_worker|tests"
    named = re.findall(rf"[`(]((?:{top})/[\w./-]+?)[`)]", page.text)
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_page_is_reached_from_the_first() -> None:
    """A link to a folder reaches the pages that are right in it."""
    reached, left = set[str](), [README]
    while left:
        page = left.pop()
        if page.name in reached:
            continue
        reached.add(page.name)
        for link in page.links:
            target = page.path.parent / link.partition("#")[0]
            files = target.glob("*.md") if target.is_dir() else [target]
            left += [_at(file) for file in files if file.suffix == ".md" and file.is_file()]
    assert reached == {page.name for page in PAGES}


def _at(path: Path) -> Page:
    return Page(path.resolve().relative_to(ROOT.resolve()).as_posix())


def test_every_invariant_links_what_enforces_and_what_tests_it() -> None:
    rows = re.findall(r"^\| ([^|]+\.) \| ([^|]+) \| ([^|]+) \|$", WORKER.section("Invariants"), re.MULTILINE)
    assert len(rows) == WORKER.section("Invariants").count("\n| ") - 1
    for invariant, enforced, tested in rows:
        modules, tests = (re.findall(r"\]\(([^)]+\.py)\)", cell) for cell in (enforced, tested))
        assert modules, invariant
        assert not any("tests/" in module for module in modules), invariant
        assert tests, invariant
        for file in tests:
            text = (WORKER.path.parent / file).read_text("utf-8")
            assert re.search(r"^def test_", text, re.MULTILINE), file


def test_the_map_of_the_tests_has_every_folder_of_them() -> None:
    folders = {path.parent.name for path in (ROOT / "tests").glob("*/__init__.py")}
    assert {link.partition("/")[0] for link in TESTS.links} >= folders


def test_every_way_to_run_one_part_names_tests_that_are_there() -> None:
    lines = re.findall(r"^\.venv/bin/pytest (\S+)(?: -k (\w+))?", TESTS.section("Run one part"), re.MULTILINE)
    assert lines
    for path, word in lines:
        assert (ROOT / path).exists(), path
        if word:
            assert re.search(rf"^def test_\w*{word}", (ROOT / path).read_text("utf-8"), re.MULTILINE), word


def test_every_module_that_a_page_runs_is_there() -> None:
    modules = {name for page in PAGES for name in re.findall(r"python -m ([\w.]+)", page.text)}
    assert "tests.support.judging_code" in modules
    paths = {name: ROOT / name.replace(".", "/") for name in modules}
    absent = [
        name
        for name, path in paths.items()
        if not path.with_suffix(".py").exists() and not (path / "__main__.py").exists()
    ]
    assert absent == []


def test_every_command_has_a_row() -> None:
    expected = {"ingest-api"}
    expected |= {f"stream-worker {name}" for name in worker.list_commands(click.Context(worker))}
    expected |= {f"metrics-local {name}" for name in local.commands}
    assert {command.partition(" --")[0] for command in COMMANDS} == expected


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches(command: str) -> None:
    name, *rest = command.split()
    sub = [word for word in rest if not word.startswith("--")]
    shown = _help(name, [*sub, "--help"])
    assert len(shown) > 200
    assert all(option in shown for option in rest if option.startswith("--"))


def _help(name: str, arguments: list[str]) -> str:
    # In this process, as there are dozens; `tests/e2e/test_surroundings.py` starts the real commands.
    if name in CLICK:
        shown = CliRunner().invoke(CLICK[name], arguments, prog_name=name)
        assert shown.exit_code == 0
        return shown.output
    program = ROOT / ".venv" / "bin" / name
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, timeout=60, check=True
    ).stdout


@pytest.mark.parametrize(("page", "settings"), [(EDGE, EdgeSettings), (WORKER, WorkerSettings)])
def test_every_setting_is_there_with_its_default(page: Page, settings: type[Settings]) -> None:
    rows = dict(re.findall(r"^\| `METRICS_(\w+)` \| ([^|]+) \|", page.text, re.MULTILINE))
    assert rows == {name.upper(): _default(field) for name, field in settings.model_fields.items()}


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(default, Path):
        assert default.name == f"metrics-worker-{os.geteuid()}"
        return "`metrics-worker-UID` in `TMPDIR`, or in `/tmp`"
    return f"`{default}`" if default else "none"


def test_every_metric_is_there_with_its_unit() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (Count|Seconds|Milliseconds|Bytes) \|", INFRA.text, re.MULTILINE))
    assert rows == {name: unit for units in emf.METRICS.values() for name, unit in units.items()}


def test_every_state_of_health_is_there() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([01]) \|", INFRA.text, re.MULTILINE))
    assert rows == {status.value: str(int(not Health(status).well)) for status in Status}


def test_routes_and_statuses_are_those_of_the_edge() -> None:
    rows = re.findall(r"^\| `(GET|POST) ([^`]+)` \| (\d{3})", EDGE.text, re.MULTILINE)
    described = openapi.DOCUMENT["paths"]
    assert {(path, method.lower()) for method, path, _ in rows} == {
        (path, method)
        for path, methods in described.items()
        for method in methods
        if method in {"get", "post"}
    }
    assert all(status in described[path][method.lower()]["responses"] for method, path, status in rows)
    errors = set(re.findall(r"^\| ([45]\d\d) \|", EDGE.text, re.MULTILINE))
    said = {
        status for methods in described.values() for told in methods.values() for status in told["responses"]
    }
    assert {status for status in said if status[0] in "45"} <= errors


def test_each_question_is_there_as_its_file_asks_it() -> None:
    row = re.compile(r"^\| \[`(\w+)`\]\(questions/\1/question\.sql\) \| (.+) \|$", re.MULTILINE)
    rows = row.findall(ANALYTICS.text)
    assert rows == [(question.name, question.title) for question in QUESTIONS.values()]


def test_every_line_of_an_analyst_is_a_command() -> None:
    """What is on the page can be asked for help word for word."""
    lines = re.findall(r"^\.venv/bin/python -m infra\.analytics (\w+)", ANALYTICS.text, re.MULTILINE)
    assert set(lines) == {"list", "query", "report", "public"}
    for line in lines:
        assert line in analytics.main.commands
