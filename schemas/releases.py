"""The released versions of the product: a list, newest last, that a release adds its line to."""

import json
from datetime import date
from importlib.resources import files
from typing import Final

RELEASES_TEXT: Final = files("schemas").joinpath("releases.json").read_text(encoding="utf-8")

RELEASED: Final[dict[str, date]] = {
    version: date.fromisoformat(day) for version, day in json.loads(RELEASES_TEXT).items()
}
"""Each released version, pre-releases too, and the day on which it came out."""
