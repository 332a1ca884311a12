from __future__ import annotations

import pytest
from click.testing import CliRunner

from stream_worker.commands.cli import main

DAYS = ["--from", "2026-11-22", "--to", "2026-11-22"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["seal"], "give --day or --all"),
        (["seal", "--day", "2026-11-22", "--all"], "give --day or --all"),
        (["seal", "--day", "yesterday"], "'yesterday' is not a day: give it as 2026-11-22"),
        (["seal", "--day", "2026-02-30"], "is not a day"),
        (["seal", "--all", "--grace", "-1"], "--grace"),
        (["seal", "--all", "--grace", "inf"], "--grace"),
        (["seal", "--all", "--grace", "nan"], "--grace"),
        (["audit", "--record-id", "nothing"], "'nothing': not <shard>:<sequence number>"),
        (["audit", "--record-id", "\x1b[2J" + "9" * 5000], f"'\\x1b[2J{'9' * 96}…': not <shard>"),
        (["rollback"], "--day"),
        (["generations"], "--day"),
        (["expire", "--day", "2026-11-22"], "--day"),
        (["replay", "--from", "2026-11-22"], "--to"),
        (["replay", "--from", "2026-11-22", "--to", "2026-11-21"], "--to is before --from"),
        (["replay", *DAYS, "--source", "tape"], "tape"),
        (["replay", *DAYS, "--thresholds", "/no/such/file"], "does not exist"),
        (["replay", *DAYS, "--name", "a/b"], "--name"),
        (["replay", *DAYS, "--name", ""], "--name"),
    ],
)
def test_wrong_usage_is_explained_with_status_2(
    arguments: list[str], error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METRICS_BUCKET", "lake")
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2
    assert error in done.output


@pytest.mark.parametrize("command", [["seal", "--all"], ["expire"], ["replay", *DAYS]])
def test_a_missing_setting_is_wrong_usage(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("METRICS_BUCKET", raising=False)
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 2
    assert "METRICS_BUCKET" in done.output


@pytest.mark.parametrize("command", ["seal", "rollback", "generations", "expire", "replay"])
def test_help_teaches(command: str) -> None:
    done = CliRunner().invoke(main, [command, "--help"])
    assert done.exit_code == 0
    assert len(done.output) > 200
