"""A JSON Schema compiled by fastjsonschema, with shortcuts in front of its checks.

fastjsonschema's code asks a closed object for each of its keys several times and an integer four times
for its type; for reports that is half of the worker's time. The shortcuts pass only what those checks would
pass, at a glance: an object with just the required keys, an `int` within its bounds, a text that has passed
before. Whatever they do not pass goes through the checks as fastjsonschema wrote them, which alone refuse.
They use its generator, which it calls internal: the locks pin it, and a test holds both compilations against
each other. jsonschema-rs needs no shortcuts (stream_worker/decisions/0009-parts-of-our-own.md).
"""

from collections.abc import Callable, Collection
from typing import Any, Final

from fastjsonschema.draft07 import CodeGeneratorDraft07
from fastjsonschema.ref_resolver import RefResolver

REMEMBERED_MOST: Final = 1_024
"""How many texts that have passed are remembered for each repeating property; then they are all forgotten."""


def compile_with_shortcuts(schema: dict[str, Any], repeating: Collection[str] = ()) -> Callable[[Any], Any]:
    """Return what `fastjsonschema.compile(schema, use_default=False)` returns, but faster; draft-07 only.

    `repeating` are the names of text properties whose values repeat from document to document.
    """
    resolver = RefResolver.from_schema(schema, handlers={}, store={})
    repeated = [schema["properties"][name] for name in repeating]
    generator = _Generator(schema, repeated, resolver)
    state = generator.global_state
    exec(generator.func_code, state)  # noqa: S102 - how fastjsonschema.compile itself works
    compiled: Callable[[Any], Any] = state[resolver.get_scope_name()]
    return compiled


class _Passed(set[str]):
    """Texts that have passed all checks of their definition: a bounded number of them."""

    def remember(self, text: str) -> None:
        if len(self) >= REMEMBERED_MOST:
            self.clear()  # what repeats is back at once; what was made up does not fill it for good
        self.add(text)


class _Generator(CodeGeneratorDraft07):
    _extra_imports_objects: dict[str, Any]

    def __init__(
        self, schema: dict[str, Any], repeating: list[dict[str, Any]], resolver: RefResolver
    ) -> None:
        self._repeating = repeating
        super().__init__(schema, resolver=resolver, use_default=False)

    def _generate_func_code_block(self, definition: dict[str, Any]) -> int:
        if any(definition is one for one in self._repeating):
            passed = self._global("PASSED", _Passed())
            with self.l("if type({variable}) is not str or {variable} not in {}:", passed):
                count = int(super()._generate_func_code_block(definition))
                self.l("{}.remember({variable})", passed)
                return count
        if _is_bounded_integer(definition):
            with self.l("if type({variable}) is not int or not {minimum} <= {variable} <= {maximum}:"):
                return int(super()._generate_func_code_block(definition))
        if _is_closed_object(definition):
            with self.l("if type({variable}) is dict and {variable}.keys() == {}:", self._keys(definition)):
                self._properties(definition["properties"])
            with self.l("else:"):
                return int(super()._generate_func_code_block(definition))
        return int(super()._generate_func_code_block(definition))

    def _keys(self, definition: dict[str, Any]) -> str:
        return self._global("REQUIRED_KEYS", frozenset(definition["required"]))

    def _global(self, what: str, value: object) -> str:
        """Give the generated code a global of the present variable, the same wherever that is checked."""
        name = f"{self._variable}__{what}"
        self._extra_imports_objects.setdefault(name, value)
        return name

    def _properties(self, properties: dict[str, Any]) -> None:
        for key, definition in properties.items():
            variable = f"{self._variable}__{key}"
            self.l('{} = {variable}["{}"]', variable, key)
            self.generate_func_code_block(
                definition, variable, f"{self._variable_name}.{key}", clear_variables=True
            )


def _is_bounded_integer(definition: dict[str, Any]) -> bool:
    return definition.get("type") == "integer" and {"minimum", "maximum"} <= definition.keys()


def _is_closed_object(definition: dict[str, Any]) -> bool:
    return (
        definition.get("type") == "object"
        and definition.get("additionalProperties") is False
        and definition.get("required") is not None
        and set(definition["required"]) == set(definition.get("properties", {}))
        and all(key.isidentifier() for key in definition["properties"])
    )
