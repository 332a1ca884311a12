from __future__ import annotations

import subprocess
import sys
from typing import Final

import click
import pytest
from click.testing import CliRunner

from stream_worker.commands.cli import main

IMPORTED: Final = """
import click, sys
from stream_worker.commands.cli import main
assert main.get_command(click.Context(main), sys.argv[1]) is not None
print("polars" in sys.modules)
"""


@pytest.mark.parametrize(("command", "imported"), [("run", False), ("health", False), ("seal", True)])
def test_only_commands_on_whole_days_wait_for_polars(command: str, *, imported: bool) -> None:
    asked = [sys.executable, "-c", IMPORTED, command]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == str(imported)


@pytest.mark.parametrize("command", main.list_commands(click.Context(main)))
def test_each_listed_command_is_found_by_its_name(command: str) -> None:
    found = main.get_command(click.Context(main), command)
    assert found is not None
    assert found.name == command


def test_an_unknown_command_is_wrong_usage() -> None:
    done = CliRunner().invoke(main, ["unseal"])
    assert done.exit_code == 2
    assert "No such command 'unseal'" in done.output
