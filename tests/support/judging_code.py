"""The code that judges: which modules it is in, and a digest of what they do.

`python -m tests.support.judging_code` writes the digest into `stream_worker/judging/judging_code.py`.
Formatting, comments, docstrings and the annotations of functions and variables do not change it, nor does the
version of Python: `ast.dump`, whose text differs between versions, is not used.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
ENTRIES: Final = (
    "stream_worker.judging.pipeline",
    "stream_worker.judging.day_pipeline",
    "stream_worker.judging.sample",
)
"""What settles records, judges a day, and chooses what of a large day is studied."""

EXCEPT: Final = "stream_worker.judging.judging_code"
"""The digest itself."""

COMMAND: Final = "python -m tests.support.judging_code"

_DOES_NOTHING: Final = {"annotation", "ctx", "kind", "returns", "simple", "type_comment", "type_ignores"}
_PACKAGES: Final = ("schemas", "stream_worker")


def modules(root: Path = ROOT) -> dict[str, ast.Module]:
    """Return each of the project's modules that judging imports, by name, however far away."""
    found: dict[str, ast.Module] = {}
    waiting = list(ENTRIES)
    while waiting:
        name = waiting.pop()
        path = _path(root, name)
        if name in found or name == EXCEPT or path is None:
            continue
        found[name] = ast.parse(path.read_text("utf-8"))
        waiting += [name.rpartition(".")[0], *_imports(found[name])]
    return dict(sorted(found.items()))


def digest(root: Path = ROOT) -> str:
    """Return 16 hexadecimal digits for all of them."""
    told = "\n".join(f"{name} {text_of(tree)}" for name, tree in modules(root).items())
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def text_of(tree: ast.Module) -> str:
    """Return what a module does, as JSON."""
    return json.dumps(_shape(tree), separators=(",", ":"))


def data_files(root: Path = ROOT) -> set[str]:
    """Return the names of the data files that judging modules read: each is `….joinpath("a name")`."""
    return {
        str(call.args[0].value)
        for tree in modules(root).values()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "joinpath"
        and isinstance(call.args[0], ast.Constant)
    }


def _path(root: Path, name: str) -> Path | None:
    if not name.startswith(_PACKAGES):
        return None
    stem = root / name.replace(".", "/")
    candidates = (stem.with_suffix(".py"), stem / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _shape(node: Any, *, of_class: bool = False) -> Any:  # noqa: ANN401 - a tree has all kinds of leaves
    """Return what a piece of a tree does, as JSON; empty fields are left out, as new ones often are."""
    if isinstance(node, ast.Constant):
        return [type(node.value).__name__, _constant(node.value)]
    if isinstance(node, ast.JoinedStr):
        return ["JoinedStr", *_joined(node.values)]
    if isinstance(node, list):
        return [_shape(one, of_class=of_class) for one in node if _does_something(one, of_class=of_class)]
    if isinstance(node, ast.AnnAssign) and node.value is not None and not of_class:
        node = ast.Assign(targets=[node.target], value=node.value)
    if not isinstance(node, ast.AST):
        return node
    kept = {
        name: _shape(value, of_class=isinstance(node, ast.ClassDef) and name == "body")
        for name, value in ast.iter_fields(node)
        # A class may read its fields' annotations, as dataclasses do.
        if (name not in _DOES_NOTHING or (of_class and name == "annotation")) and value not in (None, [])
    }
    return [type(node).__name__, dict(sorted(kept.items()))]


def _does_something(node: object, *, of_class: bool) -> bool:
    match node:
        case ast.Expr(value=ast.Constant(value=str())):
            return False  # a docstring
        case ast.AnnAssign(value=None):
            return of_class
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return False
        case ast.Assign(targets=[ast.Name(id="__version__")]):
            return False  # of the package
        case _:
            return True


def _joined(values: list[ast.expr]) -> Iterator[Any]:
    """Give an f-string's pieces; how many constants lie side by side depends on the version of Python."""
    text = ""
    for value in values:
        if isinstance(value, ast.Constant):
            text += str(value.value)
            continue
        yield from [text] if text else []
        text = ""
        yield _shape(value)
    yield from [text] if text else []


def _constant(value: object) -> str:
    if isinstance(value, str):
        return value
    return value.hex() if isinstance(value, (bytes, float)) else repr(value)


def write(root: Path = ROOT) -> str:
    """Put the digest where it is kept; return it."""
    found = digest(root)
    path = root / f"{EXCEPT.replace('.', '/')}.py"
    text = re.sub(r'DIGEST: Final = "[0-9a-f]*"', f'DIGEST: Final = "{found}"', path.read_text("utf-8"))
    path.write_text(text, "utf-8")
    return found


if __name__ == "__main__":
    print(write())  # noqa: T201 - for whoever started it
