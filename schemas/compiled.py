"""A JSON Schema compiled by fastjsonschema, with shortcuts in front of its checks.

fastjsonschema's code asks a closed object for each of its keys several times and an integer four times
for its type; for reports that is half of the worker's time. The shortcuts pass only what those checks would
pass, at a glance: an object with just the required keys, an `int` within its bounds. Whatever they do not
pass goes through the checks as fastjsonschema wrote them, which alone refuse. They use its generator, which
it calls internal: the locks pin it, and a test holds both compilations against each other.
"""

from collections.abc import Callable
from typing import Any

from fastjsonschema.draft07 import CodeGeneratorDraft07
from fastjsonschema.ref_resolver import RefResolver


def compile_with_shortcuts(schema: dict[str, Any]) -> Callable[[Any], Any]:
    """Return what `fastjsonschema.compile(schema, use_default=False)` returns, but faster; draft-07 only."""
    resolver = RefResolver.from_schema(schema, handlers={}, store={})
    generator = _Generator(schema, resolver=resolver, use_default=False)
    state = generator.global_state
    exec(generator.func_code, state)  # noqa: S102 - how fastjsonschema.compile itself works
    compiled: Callable[[Any], Any] = state[resolver.get_scope_name()]
    return compiled


class _Generator(CodeGeneratorDraft07):
    _extra_imports_objects: dict[str, Any]

    def _generate_func_code_block(self, definition: dict[str, Any]) -> int:
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
        name = f"{self._variable}__REQUIRED_KEYS"
        self._extra_imports_objects[name] = frozenset(definition["required"])
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
