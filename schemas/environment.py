"""The environment variables of every process: their names, and how a process reads its own."""

import difflib
from collections.abc import Mapping
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

PREFIX: Final = "METRICS_"

NAMES: Final = frozenset(
    {
        "METRICS_APPLICATION",
        "METRICS_BUCKET",
        "METRICS_DATABASE",
        "METRICS_FLUSH_BYTES",
        "METRICS_FLUSH_RECORDS",
        "METRICS_FLUSH_SECONDS",
        "METRICS_HEALTH_FOLDER",
        "METRICS_HOST",
        "METRICS_KCL_FAILOVER_SECONDS",
        "METRICS_KCL_INITIAL_POSITION",
        "METRICS_KCL_MAX_LEASES",
        "METRICS_KCL_METRICS",
        "METRICS_KCL_PROPERTIES",
        "METRICS_KCL_RETRIEVAL",
        "METRICS_KCL_WORKER_ID",
        "METRICS_PORT",
        "METRICS_PUBLISH_SECONDS",
        "METRICS_STREAM",
    }
)
"""Every `METRICS_*` variable of edge and worker. Both know them all, so one environment can serve both."""


class SettingsError(Exception):
    """The environment cannot be used as it is; the text says which variable to set, and never its value."""


class Settings(BaseModel):
    """A process's settings, one field a variable: `flush_records` is `METRICS_FLUSH_RECORDS`."""

    model_config = ConfigDict(frozen=True)


S = TypeVar("S", bound=Settings)


def read(settings: type[S], environ: Mapping[str, str]) -> S:
    """Return the process's settings from `environ`; raise `SettingsError` naming all that is wrong with it.

    An unknown `METRICS_*` variable is an error: a misspelt one would otherwise be a default, silently.
    """
    ours = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
    problems = [_unknown(name) for name in sorted(ours.keys() - NAMES)]
    fields = {name.removeprefix(PREFIX).lower(): value for name, value in ours.items()}
    try:
        found = settings.model_validate(fields)
    except ValidationError as error:
        problems += [
            f"{PREFIX}{str(wrong['loc'][0]).upper()}: {wrong['msg']}"
            for wrong in error.errors(include_input=False, include_url=False, include_context=False)
        ]
    if problems:
        raise SettingsError("; ".join(problems))
    return found


def _unknown(name: str) -> str:
    suffixes = [known.removeprefix(PREFIX) for known in NAMES]
    near = difflib.get_close_matches(name.removeprefix(PREFIX), suffixes, n=1)
    if near:
        return f"{name}: no such setting, did you mean {PREFIX}{near[0]}?"
    return f"{name}: no such setting; known: {', '.join(sorted(NAMES))}"
