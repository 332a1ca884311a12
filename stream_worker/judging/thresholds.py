"""The numbers that the fraud rules use: data with a version, each with its reason, in one TOML file."""

import tomllib
from dataclasses import dataclass, fields
from importlib.resources import files
from typing import Any, Final


class ThresholdsError(ValueError):
    """The text is not a set of thresholds; the error says which name is wrong and why."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """All numbers, by the names and with the reasons of `fraud_thresholds.toml`."""

    version: int
    calls_a_day_most: int
    nonce_repeats_least: int
    nonce_steady_steps_least: int
    excess_least: float
    chance_most: float
    nonces_alike_least: int
    sequence_steps_least: int
    contradiction_calls_least: int
    contradiction_ratio_least: int
    contradiction_excess: float
    tail_least: int
    tail_excess: float
    tail_reports_least: int
    copies_bits_least: float
    copies_calls_least: int
    copies_round_bits_least: float
    copies_least: int
    copies_over_neighbours: float
    pairs_bits_least: float
    pairs_least: int
    pairs_share_least: float
    cluster_least: int
    cluster_excess: float
    release_payloads_least: int
    release_chain_least: float
    releases_known_least: float
    release_minors_ahead: int
    release_minors_most: int
    release_patches_ahead: int
    releases_unknown_most: int

    @classmethod
    def read(cls, text: str) -> "Thresholds":
        """Return the thresholds that a TOML text has: `version`, and for each name a `value` and a `reason`.

        Raises `ThresholdsError` for a text that is not TOML, and for unknown, missing and wrong entries.
        """
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ThresholdsError(f"not TOML: {error}") from None
        kinds = {field.name: field.type for field in fields(cls)}
        problems = [f"{name}: unknown" for name in sorted(tables.keys() - kinds)]
        problems += [f"{name}: missing" for name in sorted(kinds.keys() - tables)]
        if problems:
            raise ThresholdsError("; ".join(problems))
        version = {"value": tables.pop("version"), "reason": "the file's"}
        values: dict[str, Any] = {name: _value(name, table) for name, table in tables.items()}
        return cls(**values | {"version": _value("version", version)})


def _value(name: str, table: Any) -> float:  # noqa: ANN401 - anything that the text holds
    if not isinstance(table, dict) or table.keys() != {"value", "reason"}:
        raise ThresholdsError(f"{name}: must be a table with `value` and `reason`")
    value = table["value"]
    whole = next(field.type for field in fields(Thresholds) if field.name == name) is int
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)) or not value > 0:
        raise ThresholdsError(f"{name}: `value` must be a {'whole ' * whole}number above 0")
    if not isinstance(table["reason"], str) or not table["reason"]:
        raise ThresholdsError(f"{name}: `reason` must be a text")
    return value


THRESHOLDS_TEXT: Final = (
    files("stream_worker.judging").joinpath("fraud_thresholds.toml").read_text(encoding="utf-8")
)
THRESHOLDS: Final = Thresholds.read(THRESHOLDS_TEXT)
