"""The endpoint at synth: a plain URL is checked whole, one with tokens as far as it is known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import jsii
from aws_cdk import Stack, Token
from constructs import IValidation

from infra.reporter.function.usage_reporter import endpoint as rule

if TYPE_CHECKING:
    from constructs import Construct

_UNKNOWN: Final = "\0"
"""In place of what only the deployment knows."""

_SCHEME: Final = "https://"

_DYNAMIC: Final = re.compile(r"\{\{resolve:[^}]*\}\}")
_SUBSTITUTED: Final = re.compile(r"\$\{[^!][^}]*\}")


def check(scope: Construct, endpoint: str) -> None:
    """Raise `ValueError` for an endpoint that cannot be right; if it has tokens, synth reports the error."""
    if Token.is_unresolved(endpoint):
        scope.node.add_validation(_Resolved(scope, endpoint))
    else:
        check_known(_DYNAMIC.sub(_UNKNOWN, endpoint))


def check_known(endpoint: str) -> None:
    """Check what is known of an endpoint: all of it, or what is before and after its unknown parts.

    The function checks the whole URL when it runs, and sends nothing if it is not right.
    """
    known = endpoint.split(_UNKNOWN)
    if len(known) == 1:
        rule.check(endpoint)
        return
    first, last = known[0].lower(), known[-1].removesuffix("/")
    if not (first.startswith(_SCHEME) or _SCHEME.startswith(first)):
        raise ValueError("the endpoint must be an https:// URL, before its token too")
    if not (last.endswith(rule.PATH) or rule.PATH.endswith(last)):
        raise ValueError(f"the endpoint must end with {rule.PATH}, after its token too")
    if any(character in part for part in known for character in "?#@"):
        raise ValueError("the endpoint must have no query, fragment, user name or password")


def flatten(resolved: Any) -> str:  # noqa: ANN401 - what a token resolves to
    """Return a resolved token as text, `_UNKNOWN` for each part that only the deployment knows."""
    if isinstance(resolved, str):
        return _DYNAMIC.sub(_UNKNOWN, resolved)
    match resolved:
        case {"Fn::Join": [str(separator), [*parts]]}:
            return separator.join(flatten(part) for part in parts)
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), _]}:
            return _SUBSTITUTED.sub(_UNKNOWN, _DYNAMIC.sub(_UNKNOWN, text))
        case _:
            return _UNKNOWN


@jsii.implements(IValidation)
class _Resolved:
    """Checks an endpoint with tokens when the app is synthesized: only then are its lazy values known."""

    def __init__(self, scope: Construct, endpoint: str) -> None:
        self._scope = scope
        self._endpoint = endpoint

    def validate(self) -> list[str]:
        """Return the error, or none."""
        try:
            check_known(flatten(Stack.of(self._scope).resolve(self._endpoint)))
        except ValueError as error:
            return [str(error)]
        return []
