"""The switch: whether an operator has switched reports off. The disclosure page names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from constructs import Node

KEYS: Final = ("metrics.disable_usage_statistic", "metrics.disable_usage_statistics")
"""The context's key, and how people spell it."""

_OFF: Final = frozenset({"", "0", "false", "no", "none", "off"})


def disabled(node: Node) -> bool:
    """Say whether one of the keys is set: in cdk.json as a boolean, by `-c key=true` as a text.

    What is not plainly a no counts as a yes: who sets the key at all means something by it.
    """
    return any(str(node.try_get_context(key)).strip().lower() not in _OFF for key in KEYS)
