"""The edge as it was before it had a server of its own: what it may not be slower than."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.benchmarks.fresh import ROOT

COMMIT: Final = "4afd4b92"
"""Granian with a thread for each request, Falcon, and the same group commit."""


def known() -> bool:
    """Say whether the history goes back that far; that of a shallow clone or an archive does not."""
    asked = ["git", "cat-file", "-e", f"{COMMIT}^{{commit}}"]
    try:
        return subprocess.run(asked, cwd=ROOT, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def command(folder: Path) -> list[str]:
    """Take that commit out of the history, below `folder`, and return what runs its edge."""
    tree = folder / COMMIT
    tree.mkdir(exist_ok=True)
    asked = ["git", "archive", COMMIT, "ingest_api", "schemas"]
    archive = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True)
    subprocess.run(["tar", "-x", "-C", tree], input=archive.stdout, check=True)  # noqa: S607 - where PATH has it
    # -I: neither this folder nor the environment says where modules are, the code alone.
    code = f"import sys; sys.path.insert(0, {str(tree)!r}); from ingest_api.__main__ import main; main()"
    return [sys.executable, "-I", "-c", code]
