"""The walks of CONTRIBUTING.md name what is there, and all that a counter touches."""

import re

import pytest

from schemas.report import COUNTERS
from schemas.tables import COUNTER_COLUMNS
from tests.support.pages import CONTRIBUTING, ROOT

WALKS = ("Add a day rule", "Add a counter", "Add a question", "Add a sink", "Fix the emulator")


@pytest.mark.parametrize("walk", WALKS)
def test_every_walk_is_numbered_names_its_command_and_what_else_breaks(walk: str) -> None:
    section = CONTRIBUTING.section(walk)
    assert re.findall(r"^(\d)\. ", section, re.MULTILINE)[:3] == ["1", "2", "3"]
    assert "What else breaks, and why: " in section
    tests = [word for line in re.findall(r"bin/pytest (.+)$", section, re.MULTILINE) for word in line.split()]
    assert tests
    assert [word for word in tests if not (ROOT / word).exists()] == []


def test_the_contributors_page_names_each_file_that_lists_the_counters_by_hand() -> None:
    """A file that spells the last counter is on the walk, by its path or by that of a folder above it."""
    tops = ("infra", "ingest_api", "schemas", "stream_worker", "tests")
    files = (
        path for top in tops for kind in ("py", "sql", "json") for path in (ROOT / top).rglob(f"*.{kind}")
    )
    found = [
        path.relative_to(ROOT).as_posix()
        for path in files
        if "node_modules" not in path.parts
        and any(name in path.read_text("utf-8") for name in (COUNTERS[-1], COUNTER_COLUMNS[-1]))
    ]
    assert found
    # Not the commands: they run whole folders of tests.
    walk = re.sub(r"```.*?```", "", CONTRIBUTING.section("Add a counter"), flags=re.DOTALL)
    named = {word for quoted in re.findall(r"`([^`]+)`", walk) for word in re.findall(r"[\w./]+", quoted)}
    folders = tuple(f"{name}/" for name in named if "/" in name and (ROOT / name).is_dir())
    assert [file for file in found if file not in named and not file.startswith(folders)] == []
