"""Which versions the construct and the function take: exactly those of the report's schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest
from aws_cdk import App, CfnParameter, Stack
from hypothesis import given

from infra.reporter.function.usage_reporter.handler import handle
from infra.reporter.function.usage_reporter.version import LONGEST, PATTERN, VersionError, check
from schemas.report import COUNTERS, SCHEMA, violations
from tests.schemas.versions import BAD, GOOD, NEAR
from tests.support.reporter.invocation import NONCE, Context
from tests.support.reporter.template import add_reporter, synthesize

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.reporter.server import Server


def takes(version: str) -> bool:
    try:
        return check(version) == version
    except VersionError:
        return False


def is_valid(version: str) -> bool:
    return not violations(
        {"version": version, "stack_id": NONCE, "metrics": dict.fromkeys(COUNTERS, 0)},
    )


def test_the_copy_is_the_schemas_pattern() -> None:
    version = SCHEMA["properties"]["version"]
    assert (version["pattern"], version["maxLength"]) == (PATTERN, LONGEST)


@pytest.mark.parametrize("version", [*GOOD, *BAD])
def test_it_takes_exactly_the_schemas_versions(version: str) -> None:
    assert takes(version) == is_valid(version) == (version in GOOD)


@given(NEAR)
def test_it_takes_what_the_schema_takes(version: str) -> None:
    assert takes(version) == is_valid(version)


@pytest.mark.parametrize("version", GOOD)
def test_a_version_of_the_schema_is_deployed_as_it_is(version: str) -> None:
    add_reporter(Stack(App(), "product"), version=version)


@pytest.mark.parametrize("version", BAD)
def test_a_version_that_the_worker_would_reject_is_refused_at_synth(version: str) -> None:
    with pytest.raises(ValueError, match=r"such as 1\.4\.2: three numbers without leading zeros"):
        add_reporter(Stack(App(), "product"), version=version)


def test_a_token_is_left_to_the_function(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    stack = Stack(app, "product")
    add_reporter(stack, version=CfnParameter(stack, "Version").value_as_string)
    variables = synthesize(app).function("usage_reporter.handler.handle")["Environment"]["Variables"]
    assert variables["REPORT_VERSION"] == {"Ref": "Version"}


@pytest.mark.parametrize("version", ["2024.01.1", "v1.4.2", "1.4.2\n", ""])
def test_a_version_that_is_none_is_one_line_of_the_log_and_nothing_is_sent(
    environ: dict[str, str],
    tls_server: Server,
    version: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert environ
    monkeypatch.setenv("REPORT_VERSION", version)
    assert handle({}, Context()) == {"outcome": "failed"}
    (line,) = [orjson.loads(one) for one in capsys.readouterr().out.splitlines()]
    assert (line["event"], line["error"]) == ("report.failed", "VersionError")
    assert "must be a semantic version" in line["detail"]
    assert tls_server.asked == []
