"""The command `stream-worker`."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click

from schemas import __version__
from stream_worker.process.terminal import any_encoding

_MODULES: Final = {
    "run": "run_command",
    "health": "health_command",
    "seal": "seal_command",
    "replay": "replay_command",
    "audit": "audit_command",
    "rollback": "rollback",
    "generations": "generations",
    "expire": "expire",
}
"""The module beside this one that has each command; those of whole days import Polars."""


class _Commands(click.Group):
    """Imports a command when it is called, so that the worker starts without what other commands need."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of all commands."""
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Return a command by its name."""
        if cmd_name not in _MODULES:
            return None
        command: click.Command = getattr(
            import_module(f"stream_worker.commands.{_MODULES[cmd_name]}"), cmd_name
        )
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="stream-worker")
def main() -> None:
    """Commit each report of the stream to the lake exactly once; seal, replay and audit days.

    Settings come from the environment: METRICS_BUCKET (required), METRICS_STREAM, METRICS_DATABASE,
    METRICS_APPLICATION, METRICS_FLUSH_RECORDS, METRICS_FLUSH_BYTES, METRICS_FLUSH_SECONDS,
    METRICS_HEALTH_FOLDER, METRICS_KCL_*, and the AWS_* variables as boto3 knows them. stream_worker/README.md
    describes each.

    Exit status: 0 done, 1 failed, 2 wrong usage or settings, 3 the audit found a difference.
    """
    any_encoding()
