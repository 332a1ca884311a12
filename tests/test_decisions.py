"""The decision records and the changelog: complete, in order, and true to the pages."""

import re
from pathlib import Path

import pytest

from tests.support.pages import EDGE, INFRA, ROOT, TESTS, WORKER

FOLDER = ROOT / "stream_worker" / "decisions"
RECORDS = sorted(FOLDER.glob("*.md"))
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_records_are_numbered_without_a_hole_and_titled_by_their_number() -> None:
    assert [int(path.name[:4]) for path in RECORDS] == list(range(1, len(RECORDS) + 1))
    for path in RECORDS:
        assert path.read_text(encoding="utf-8").startswith(f"# {int(path.name[:4])}. ")


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_has_a_status_and_each_part(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.search(r"^Status: (accepted|superseded by \d{4}), \d{4}-\d\d\.$", text, re.MULTILINE)
    parts = re.findall(r"^## (.+)$", text, re.MULTILINE)
    wanted = ["Context", "Decision", "What was measured", "Consequences", "Rejected as well"]
    assert [part for part in parts if part in wanted] == wanted


def test_each_part_of_our_own_is_there_and_refers_to_its_record() -> None:
    text = RECORDS[8].read_text(encoding="utf-8")
    table = text.partition("## Decision")[2].partition("What decides")[0]
    files = set(re.findall(r"`([\w/]+\.py)`", table))
    assert len(files) == 6
    for file in files:
        found = (ROOT / file).read_text(encoding="utf-8")
        assert f"stream_worker/decisions/{RECORDS[8].name}" in found, file


def test_the_table_of_starts_is_the_pages() -> None:
    rows = re.findall(r"^\| .+ \|$", RECORDS[1].read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == 6
    assert all(row in INFRA.section("Starting and taking over") for row in rows)


def test_the_table_of_seals_is_the_pages() -> None:
    text = RECORDS[4].read_text(encoding="utf-8")
    rows = re.findall(r"^\| (10\^\d) \| ([\d.]+) \| ([\d.]+) \|$", text, re.MULTILINE)
    sizes, seconds, memory = (", ".join(column) for column in zip(*rows, strict=True))
    told = ", ".join(f"{one} s" for one in seconds.split(", "))
    row = f"| seal of {sizes} reports, two cores | {told} | {memory} GB of memory at most |"
    assert row in TESTS.section("Speed")


def test_the_changelog_groups_what_has_changed_and_says_whom_it_concerns() -> None:
    assert re.findall(r"^##+ (.+)$", CHANGELOG, re.MULTILINE) == [
        "[Unreleased]",
        "Added",
        "Changed",
        "Fixed",
        "Removed",
    ]
    lines = re.findall(r"^- (.+)$", CHANGELOG, re.MULTILINE)
    assert all(re.match(r"(Deployments|Operators|Analysts|Developers): ", line) for line in lines)


@pytest.mark.parametrize("setting", sorted(set(re.findall(r"METRICS_[A-Z_]+[A-Z]", CHANGELOG))))
def test_a_setting_that_the_changelog_names_is_on_a_page(setting: str) -> None:
    assert setting in EDGE.section("Settings") + WORKER.section("Settings")
