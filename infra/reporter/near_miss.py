"""Context keys that are meant to switch the reporter off and do not: an error before anything is deployed."""

from __future__ import annotations

import os
import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final

from infra.reporter.opt_out import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from constructs import Node

_ALIKE: Final = 0.85
"""Of the letters, whatever separates them: some four typing errors in a key of 27 letters."""

_LONGEST: Final = 200
"""A longer text is not a key, and comparing costs the square of the length."""

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

_DISABLE: Final = frozenset({"disable", "disabled", "disabling"})
_SWITCH: Final = _DISABLE | {"enable", "enabled", "no", "off", "opt", "optout", "skip", "stop", "suppress"}
_STATISTIC: Final = frozenset({"statistic", "stat"})
_SUBJECT: Final = _STATISTIC | {"metric", "usage", "report", "reporting"}


class NearMissError(ValueError):
    """A key that does not switch the reporter off, but seems to be meant to."""


def refuse(node: Node, environ: Mapping[str, str] = os.environ) -> None:
    """Raise `NearMissError` if a context key or an environment variable is nearly the switch."""
    found = [f"the context key {path!r}" for path, text in _spellings(node.get_all_context()) if _near(text)]
    found += [f"the environment variable {name!r}" for name in environ if _alike(name, KEYS)]
    if found:
        right = KEYS[0]
        raise NearMissError(
            f"{found[0]} does not switch usage reports off. To switch them off, write "
            f'"{right}": true into the context of cdk.json, or run `cdk deploy -c {right}=true`. '
            "If it has another purpose, rename it."
        )


def _spellings(context: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    # Each key's path, and the text to compare. The switch's own spellings are read elsewhere.
    for key, value in context.items():
        if key not in KEYS:
            yield key, key
            yield from _nested(key, value)


def _nested(path: str, value: object) -> Iterator[tuple[str, str]]:
    # A key may be cut in two: {"metrics": {"disable_usage_statistic": true}}, metrics=disable_usage_statistic
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{path}.{key}", f"{path}.{key}"
            yield from _nested(f"{path}.{key}", inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _nested(path, inner)
    elif isinstance(value, str):
        yield path, f"{path}.{value}"


def _near(text: str) -> bool:
    bare = [key.partition(".")[2] for key in KEYS]
    return len(text) <= _LONGEST and (_alike(text, [*KEYS, *bare]) or _about_the_switch(text))


def _alike(text: str, keys: Sequence[str]) -> bool:
    letters = _letters(text[:_LONGEST])
    matchers = (SequenceMatcher(None, letters, _letters(key), autojunk=False) for key in keys)
    return any(one.quick_ratio() >= _ALIKE and one.ratio() >= _ALIKE for one in matchers)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())


def _about_the_switch(text: str) -> bool:
    # In any order and behind any prefix: metrics.usage_statistic.disabled, acme:noUsageStats.
    words = {word.lower() for word in _WORD.findall(text)}
    subject = {word.removesuffix("s") for word in words} & _SUBJECT
    if len(subject) < 2:  # noqa: PLR2004 - one word, "metrics" say, is too common
        return False
    if subject & _STATISTIC:
        return bool(words & _SWITCH)
    # Without "statistic" it may be about something else, unless nothing else is said.
    rest = {word.removesuffix("s") for word in words} - _SUBJECT
    return bool(words & _DISABLE) and rest <= _DISABLE | {"true", "ye"}
