"""The variables with which Kubernetes points every container of a namespace at the namespace's Services.

A Service `metrics-worker` is `METRICS_WORKER_SERVICE_HOST`, `METRICS_WORKER_PORT=tcp://10.0.0.1:80` and more
(kubernetes.io/docs/concepts/services-networking/service, "Environment variables").
"""

import re
from collections.abc import Mapping
from typing import Final

_HOST: Final = "_SERVICE_HOST"
_PORT: Final = "_PORT"
_NUMBERED: Final = r"PORT_\d+_(TCP|UDP|SCTP)"
_PLAIN: Final = re.compile(rf"SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|{_NUMBERED}(_(PROTO|PORT|ADDR))?")
_URL: Final = re.compile(r"(tcp|udp|sctp)://")


def service_links(environ: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Return the variables that are links, each with its Service; `prefix` is what their names begin with."""
    ours = {name: value for name, value in environ.items() if name.startswith(prefix)}
    services = {name.removesuffix(_HOST) for name in ours if name.endswith(_HOST)}
    services |= {
        name.removesuffix(_PORT) for name, value in ours.items() if name.endswith(_PORT) and _URL.match(value)
    }
    return {
        name: service.lower().replace("_", "-")
        for service in services
        for name, value in ours.items()
        if name.startswith(f"{service}_") and _is_link(name.removeprefix(f"{service}_"), value)
    }


def _is_link(name: str, value: str) -> bool:
    # A port of our own has the same name as a Service's, and another value.
    return _URL.match(value) is not None if name == "PORT" else _PLAIN.fullmatch(name) is not None
