"""The name under which a worker holds leases."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_ECS_TASK: Final = re.compile(r"/v4/([0-9a-f]{32})-")


def worker_id(configured: str | None, environ: Mapping[str, str]) -> str:
    """Return the configured name, or one that no other living worker has: the ECS task's or a random one.

    Two living workers with one name take each other's leases and read everything twice. The host's name does
    not serve: containers can share it, and it may contain an address.
    """
    if configured:
        return configured
    task = _ECS_TASK.search(environ.get("ECS_CONTAINER_METADATA_URI_V4", ""))
    return task.group(1) if task else uuid.uuid4().hex
