"""When code that judges changes, so does the judgement; what only looks different does not count."""

from __future__ import annotations

import ast
import hashlib
import shutil
from typing import TYPE_CHECKING

import pytest

from stream_worker.judging.judging_code import DIGEST
from tests.support import judging_code

if TYPE_CHECKING:
    from pathlib import Path

FRAUD = "stream_worker/judging/fraud.py"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of the packages that have judging code."""
    for package in ("schemas", "stream_worker"):
        left_out = shutil.ignore_patterns("__pycache__", "jars", "engines")
        shutil.copytree(judging_code.ROOT / package, tmp_path / package, ignore=left_out)
    return tmp_path


def change(project: Path, path: str, old: str, new: str) -> None:
    text = (project / path).read_text("utf-8")
    assert text.count(old) == 1, old
    (project / path).write_text(text.replace(old, new), "utf-8")


def test_the_judgement_has_the_digest_of_the_code_as_it_is() -> None:
    found = judging_code.digest()
    assert found == DIGEST, (
        f"code that judges has changed, and the judgement has not. If a rule has changed, raise its version;"
        f" then run `{judging_code.COMMAND}`, which puts {found} into stream_worker/judging/judging_code.py"
    )


def test_judging_code_is_all_that_settling_and_judging_import() -> None:
    found = judging_code.modules().keys()
    rules = {f"stream_worker.judging.day_rules.{path.stem}" for path in RULE_FILES if path.stem != "__init__"}
    assert rules < found
    assert {
        *("schemas.report", "schemas.compiled", "schemas.releases", "schemas.tables"),
        *(
            "stream_worker.judging.fraud",
            "stream_worker.judging.day_fraud",
            "stream_worker.judging.digits",
            "stream_worker.judging.seen",
        ),
        *(
            "stream_worker.judging.pipeline",
            "stream_worker.judging.day_pipeline",
            "stream_worker.judging.sample",
        ),
        *(
            "stream_worker.judging.judgement",
            "stream_worker.judging.thresholds",
            "stream_worker.stream.records",
        ),
    } < found
    worker = {tuple(name.split(".")[1:2]) for name in found if name.split(".")[0] == "stream_worker"}
    assert worker == {(), ("judging",), ("stream",)}


RULE_FILES = sorted((judging_code.ROOT / "stream_worker/judging/day_rules").glob("*.py"))


def test_a_module_that_a_rule_begins_to_import_is_judging_code(project: Path) -> None:
    assert judging_code.digest(project) == DIGEST
    (project / "stream_worker/judging/day_rules/moons.py").write_text("FULL = 4\n", "utf-8")
    assert judging_code.digest(project) == DIGEST
    change(
        project,
        "stream_worker/judging/day_rules/pairs.py",
        "\nimport math\n",
        "\nimport math\nfrom . import moons\n",
    )
    with pytest.raises(AssertionError, match="absolute"):
        judging_code.modules(project)
    change(
        project,
        "stream_worker/judging/day_rules/pairs.py",
        "from . import",
        "from stream_worker.judging.day_rules import",
    )
    assert "stream_worker.judging.day_rules.moons" in judging_code.modules(project)
    imported = judging_code.digest(project)
    assert imported != DIGEST
    change(project, "stream_worker/judging/day_rules/moons.py", "4", "5")
    assert judging_code.digest(project) not in {imported, DIGEST}


def test_the_data_that_judging_reads_is_what_the_judgement_covers() -> None:
    assert judging_code.data_files() == {"fraud_thresholds.toml", "releases.json", "report.v1.schema.json"}


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (FRAUD, "REPEAT_DISTANCE: Final = 8", "REPEAT_DISTANCE: Final = 9"),
        (FRAUD, 'pl.col("repeats") >=', 'pl.col("repeats") >'),
        (FRAUD, "[pl.when(rule.broken(thresholds))", "[pl.when(~rule.broken(thresholds))"),
        ("stream_worker/judging/pipeline.py", "    reports = screen(reports, rejections, judgement)\n", ""),
        ("stream_worker/judging/thresholds.py", "calls_a_day_most: int", "calls_a_day_most: float"),
        ("schemas/compiled.py", '"minimum", "maximum"} <=', '"minimum", "maximum"} >='),
    ],
)
def test_code_that_may_give_other_outcomes_has_another_digest(
    project: Path, path: str, old: str, new: str
) -> None:
    change(project, path, old, new)
    assert judging_code.digest(project) != DIGEST


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (FRAUD, "REPEAT_DISTANCE: Final = 8", "# far enough\nREPEAT_DISTANCE = (\n    0x8\n)"),
        (FRAUD, "name of the first rule that it breaks", "first broken rule"),
        (FRAUD, "def first_broken(\n    reports: pl.DataFrame", "def first_broken(\n    reports: object"),
        ("schemas/__init__.py", '"0.1.0"', '"9.9.9"'),
        ("stream_worker/judging/judging_code.py", f'"{DIGEST}"', '"0"'),
        ("stream_worker/lake/segment.py", "hexdigest()[:16]", "hexdigest()[:17]"),
    ],
)
def test_code_that_gives_the_same_outcomes_has_the_same_digest(
    project: Path, path: str, old: str, new: str
) -> None:
    change(project, path, old, new)
    assert judging_code.digest(project) == DIGEST


def test_a_tree_has_the_same_shape_on_every_version_of_python() -> None:
    source = '''
@decorated
def rule(a: int, /, b=-1.5, *, c: str = "x", **rest) -> bool:
    """Say."""
    x: int
    y: float = 1e-9
    match a:
        case {"k": [1, *_], **others} if others:
            return f"a{b!r:>{c}}" "é" f"{a}" is not None
        case None | True:
            return b"\\x00" != u"u"
    return {**rest, 1: ...}, [n async for n in a], 10**30, 2j, lambda *q: (yield)


class Made(Shape):
    """Made."""

    size: int = 3
    name: str
'''
    text = judging_code.text_of(ast.parse(source))
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "dc033c65ba62d5c9", text
