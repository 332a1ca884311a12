"""The folder that becomes the Lambda's code runs on its own: with boto3, and nothing of this project."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from infra.reporter.code import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALLOWED = sys.stdlib_module_names | {"boto3", "botocore"}

ALONE = """
import sys
sys.path.insert(0, sys.argv[1])

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"infra", "schemas", "aws_cdk", "pydantic", "mypy_boto3_cloudwatch"}:
            raise ImportError(name)

sys.meta_path.insert(0, Refuse())
import usage_reporter.nonce
assert "boto3" not in sys.modules, "the nonce needs the standard library alone"
import usage_reporter.handler
assert usage_reporter.handler.__file__.startswith(sys.argv[1])
"""


def imports(tree: ast.AST) -> Iterator[str]:
    """Give the top-level packages that are imported when the module runs."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]
        else:
            yield from imports(node)


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: path.name)
def test_a_module_imports_the_standard_library_and_boto3_alone(path: Path) -> None:
    assert set(imports(ast.parse(path.read_bytes()))) <= ALLOWED


def test_the_folder_alone_is_enough(tmp_path: Path) -> None:
    alone = shutil.copytree(FOLDER, tmp_path / "task", ignore=shutil.ignore_patterns("__pycache__"))
    ended = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", ALONE, str(alone)],
        cwd=tmp_path,
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
