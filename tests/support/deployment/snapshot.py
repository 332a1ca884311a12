"""The templates of the defaults as a reviewer reads them; `make snapshot` writes them anew."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from tests.support.synthesis import DATA, SERVICES, templates

if TYPE_CHECKING:
    from tests.support.synthesis import Template

FOLDER: Final = Path(__file__).parents[2] / "infra" / "deployment" / "snapshot"
FILES: Final = {DATA: FOLDER / "data.yaml", SERVICES: FOLDER / "services.yaml"}

_ASSET: Final = re.compile(r"\b[0-9a-f]{64}\b")
_SAME_EVERYWHERE: Final = {"Metadata", "Tags"}
"""Where a resource stands in the app, and the tag that all have."""


def rendered(template: Template) -> str:
    """Return resources and outputs in YAML, by name; references as `${…}`, assets without their hash."""
    resources = {
        name: {key: _plain(value) for key, value in resource.items() if key != "Metadata"}
        for name, resource in template["Resources"].items()
    }
    outputs = {name: _plain(output["Value"]) for name, output in template["Outputs"].items()}
    text: str = yaml.safe_dump({"Outputs": outputs, "Resources": resources}, width=110, allow_unicode=True)
    return text


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, str):
        return _ASSET.sub("<asset>", value)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, of),) = value.items()
        if name in _REFERENCES:
            return _REFERENCES[name](of)
    return {key: _plain(of) for key, of in value.items() if key not in _SAME_EVERYWHERE}


def _joined(of: list[Any]) -> str:
    separator, parts = of
    return str(separator.join(_plain(part) for part in parts))


_REFERENCES: Final = {
    "Ref": lambda of: f"${{{of}}}",
    "Fn::GetAtt": lambda of: f"${{{'.'.join(of)}}}",
    "Fn::ImportValue": lambda of: f"${{import {of}}}",
    "Fn::Sub": lambda of: _ASSET.sub("<asset>", of) if isinstance(of, str) else of,
    "Fn::Join": _joined,
}


def main() -> None:
    """Write the snapshot anew."""
    for name, template in templates().items():
        FILES[name].parent.mkdir(exist_ok=True)
        FILES[name].write_text(rendered(template), "utf-8")


if __name__ == "__main__":
    main()
