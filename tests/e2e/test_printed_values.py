"""Values of a lake on a terminal: none of them moves the cursor, hides text or starts a style."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date
from typing import TYPE_CHECKING

from infra.local.system import clean_environment
from tests.e2e.test_days import command, put_on
from tests.support.analytics import lakes
from tests.support.analytics.truth import Truth

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.e2e.installation import Installation
    from tests.support.e2e.producer import Producer

DAY = date(2026, 11, 22)
ODD = "\x1b]0;title\x07[bold]:gear:\u202egnp.\x9b2J\r[/]"
SHOWN = r"\x1b]0;title\x07[bold]:gear:\u202egnp.\x9b2J\r[/]"


def obeyed(text: str) -> list[str]:
    """Return the characters that a terminal does more with than show them."""
    return [character for character in text if not character.isprintable() and character != "\n"]


def ask(folder: Path, *options: str, **variables: str) -> str:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "infra.analytics",
            "query",
            "rejects_by_rule",
            "--lake",
            str(folder),
            *options,
        ],
        env=clean_environment() | {"COLUMNS": "200"} | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


def test_an_answers_table_shows_values_as_they_are_and_json_has_them_whole(tmp_path: Path) -> None:
    lakes.write(tmp_path, Truth([lakes.report(DAY, 1)], [(DAY, "fraud", ODD)], {DAY: "sealed"}))
    table = ask(tmp_path)
    assert SHOWN in table
    assert obeyed(table) == []
    (row,) = map(json.loads, ask(tmp_path, "--json").splitlines())
    assert row["rule"] == ODD


def test_a_table_comes_whole_on_a_narrow_terminal_that_knows_ascii_alone(tmp_path: Path) -> None:
    lakes.write(tmp_path, Truth([lakes.report(DAY, 1)], [(DAY, "fraud", "Zürich")], {DAY: "sealed"}))
    table = ask(tmp_path, COLUMNS="1", PYTHONIOENCODING="ascii")
    assert table.isascii()
    assert re.search(r"2026-11-22 \| +fraud +\| +Z\\xfcrich +\|", table)


def test_an_audit_shows_the_key_of_a_foreign_object_as_it_is_and_json_has_it_whole(
    installation: Installation, producer: Producer
) -> None:
    day = put_on(installation, producer, 2, 10)
    put_on(installation, producer, 1, 10)
    installation.drain()
    key = f"reports/live/dt={day}/{ODD}.parquet"
    installation.cloud.s3.put_object(Bucket=installation.cloud.resources.bucket, Key=key, Body=b"")
    people = command(installation, "audit", "--day", str(day))
    assert people.returncode == 3
    assert f"dt={day}/{SHOWN}.parquet" in people.stdout
    assert obeyed(people.stdout) == []
    machines = command(installation, "audit", "--day", str(day), "--json")
    assert key in {problem["key"] for problem in json.loads(machines.stdout)["problems"]}
