"""The environment variables of every process: their names, and how a process reads its own.

Not pydantic-settings: it ignores a misspelt variable (stream_worker/decisions/0009-parts-of-our-own.md).
"""

import difflib
from collections.abc import Mapping
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.printable import printable
from schemas.service_links import service_links

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

_MOST_PROBLEMS: Final = 6
_LONGEST_NAME: Final = 64


def read(settings: type[S], environ: Mapping[str, str]) -> S:
    """Return the process's settings from `environ`; raise `SettingsError` naming what is wrong with it.

    An unknown `METRICS_*` variable is an error: a misspelt one would otherwise be a default, silently. The
    variables that Kubernetes makes for Services of such a name are none of ours, and are left out.
    """
    links = service_links(environ, PREFIX)
    ours = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
    fields = {name.removeprefix(PREFIX).lower(): value for name, value in ours.items()}
    linked = [name for name in sorted(links.keys() & NAMES) if _field(name) in settings.model_fields]
    try:
        found = settings.model_validate(fields)
        wrong = []
    except ValidationError as error:
        wrong = [
            f"{PREFIX}{str(wrong['loc'][0]).upper()}: {wrong['msg']}"
            for wrong in error.errors(include_input=False, include_url=False, include_context=False)
            if f"{PREFIX}{str(wrong['loc'][0]).upper()}" not in linked
        ]
    unknown = sorted(ours.keys() - NAMES - links.keys())
    problems = [
        *(_link(name, links[name]) for name in linked),
        *_misspelt(unknown),
        *wrong,
        *_strange(unknown),
    ]
    if problems:
        raise SettingsError(_bounded(problems))
    return found


def _field(name: str) -> str:
    return name.removeprefix(PREFIX).lower()


def _link(name: str, service: str) -> str:
    return (
        f"{name}: Kubernetes has set it, for the Service {service!r}. Put `enableServiceLinks: false` into "
        f"the pod's spec, or set {name} there, or rename the Service"
    )


def _near(name: str) -> str | None:
    suffixes = [known.removeprefix(PREFIX) for known in sorted(NAMES)]
    near = difflib.get_close_matches(name.removeprefix(PREFIX)[:_LONGEST_NAME], suffixes, n=1)
    return PREFIX + near[0] if near else None


def _misspelt(unknown: list[str]) -> list[str]:
    near = ((name, _near(name)) for name in unknown)
    return [f"{_short(name)}: no such setting, did you mean {right}?" for name, right in near if right]


def _strange(unknown: list[str]) -> list[str]:
    strange = [name for name in unknown if _near(name) is None]
    known = f"; known: {', '.join(sorted(NAMES))}"
    return [f"{_short(name)}: no such setting{'' if at else known}" for at, name in enumerate(strange)]


def _short(name: str) -> str:
    return printable(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…")


def _bounded(problems: list[str]) -> str:
    """Join the first problems, which are the most important ones, and say how many more there are."""
    more = len(problems) - _MOST_PROBLEMS
    shown = problems[:_MOST_PROBLEMS]
    return "; ".join([*shown, f"and {more} more"] if more > 0 else shown)
