"""The worker's rooms: the page has what the linter holds and what is imported, and each has its tests."""

import re
import tomllib

from tests.support.pages import ROOT, TESTS, WORKER


def test_the_table_of_rooms_is_the_layers_that_the_linter_holds() -> None:
    rows = re.findall(r"^\| (\[.+?) \| ", WORKER.section("Rooms"), re.MULTILINE)
    rooms = [sorted(re.findall(r"\]\((\w+)\)", row)) for row in rows]
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (layers,) = (one["layers"] for one in contracts if one["name"] == "the worker's rooms")
    assert rooms == [sorted(layer.split(" | ")) for layer in reversed(layers)]


def test_the_table_of_rooms_says_which_rooms_each_imports() -> None:
    rows = re.findall(r"^\| (\[.+?) \| .+ \| (.+) \|$", WORKER.section("Rooms"), re.MULTILINE)
    assert len(rows) > 5
    below: set[str] = set()
    for named, said in rows:
        row = re.findall(r"\]\((\w+)\)", named)
        of_each, _, exception = said.partition("; ")
        shared = below if of_each.startswith("all") else {*re.findall(r"`(\w+)`", of_each)} & below
        assert {room: _rooms_imported(room) for room in row} == {
            room: _with_exception(shared, exception) if f"`{room}` " in exception else shared for room in row
        }
        below = below | {*row}


def _with_exception(shared: set[str], exception: str) -> set[str]:
    _, *others = re.findall(r"`(\w+)`", exception)
    return shared - {*others} if " not " in exception else shared | {*others}


def _rooms_imported(room: str) -> set[str]:
    texts = [path.read_text("utf-8") for path in (ROOT / "stream_worker" / room).rglob("*.py")]
    found = re.findall(r"^\s*(?:from|import) stream_worker\.(\w+)", "\n".join(texts), re.MULTILINE)
    return {*found} - {room}


def test_every_room_has_a_folder_of_tests_that_the_map_names() -> None:
    rooms = {path.parent.name for path in (ROOT / "stream_worker").glob("*/__init__.py")}
    assert rooms == {path.parent.name for path in (ROOT / "tests" / "stream_worker").glob("*/__init__.py")}
    (row,) = (line for line in TESTS.text.splitlines() if line.startswith("| [`stream_worker`]"))
    assert set(re.findall(r"`(\w+)`", row.partition("](")[2])) == rooms
