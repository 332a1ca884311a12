"""Versions of a day that were never released.

Released versions are those on the list, those near them (the next patches, minors and the next major, and
the pre-releases of all these), and those that many different deployments run, listed or not, unless they are
out of reach of all others. Of versions within reach that few deployments run, a fleet has a few; a forger
who draws them makes hundreds.
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

from schemas.tables import COUNTER_COLUMNS
from stream_worker.judging.day_rules import payloads
from stream_worker.judging.day_rules.finding import Finding
from stream_worker.judging.thresholds import Thresholds

_CORE: Final = ("major", "minor", "patch")
_MAJORS_BEFORE: Final = 3


@dataclass(frozen=True, slots=True)
class MadeUp(Finding):
    """The cores (major.minor.patch) that may be released, others are made up; None: unknown."""

    possible: pl.Series | None
    unknown: int

    def __len__(self) -> int:
        return self.unknown

    def broken(self, reports: pl.DataFrame) -> pl.Series:
        """Return for each report whether its version is made up."""
        if self.possible is None or not self.unknown:
            return pl.repeat(value=False, n=len(reports), eager=True)
        core = reports.select(core=_core(pl.col("version")))["core"]
        return ~core.is_in(self.possible.implode())


def made_up(sample: pl.DataFrame, released: frozenset[str], thresholds: Thresholds) -> MadeUp:
    """Find the cores that are not of a release."""
    cores = _cores(sample, released)
    cores = cores.with_columns(broad=pl.col("payloads") >= thresholds.release_payloads_least)
    cores = _within_reach_of_the_most(cores, thresholds)
    anchors = cores.filter(pl.col("anchor"))
    if anchors.is_empty() or anchors["reports"].sum() < thresholds.releases_known_least * len(sample):
        return MadeUp(None, 0)
    near = _near(cores, anchors, thresholds)
    doubtful = near.filter(pl.col("near") & ~pl.col("listed") & ~pl.col("broad"))
    if len(doubtful) > thresholds.releases_unknown_most:
        near = near.join(doubtful.select("core"), on="core", how="anti")
    possible = near.filter(pl.col("near") | pl.col("anchor"))["core"]
    return MadeUp(possible.sort(), len(cores) - len(possible))


def _core(version: pl.Expr) -> pl.Expr:
    """Return major.minor.patch of a semantic version, without pre-release and build."""
    return version.str.extract(r"^([0-9]+\.[0-9]+\.[0-9]+)", 1).fill_null("")


def _cores(sample: pl.DataFrame, released: frozenset[str]) -> pl.DataFrame:
    """Return one row for each core: its parts, `reports`, different `payloads`, and whether `listed`."""
    listed = (
        pl.Series(sorted(released), dtype=pl.String).to_frame("version").select(core=_core(pl.col("version")))
    )
    keys = payloads.keys(sample, [pl.col(name) for name in COUNTER_COLUMNS])
    used = sample.select(core=_core(pl.col("version")), payload=keys)
    counted = used.group_by("core").agg(reports=pl.len(), payloads=pl.col("payload").n_unique())
    parts = pl.col("core").str.split_exact(".", 2).struct.rename_fields(list(_CORE)).struct.unnest()
    return (
        counted.with_columns(parts, listed=pl.col("core").is_in(listed["core"].implode()))
        .with_columns(pl.col(_CORE).cast(pl.Int64, strict=False).fill_null(1 << 40))
        .sort("core")
    )


def _within_reach_of_the_most(cores: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """Mark the listed and broad cores as `anchor`, except those with a major far from the others."""
    candidate = pl.col("listed") | pl.col("broad")
    majors = (
        cores.filter(candidate)
        .group_by("major")
        .agg(pl.col("reports").sum(), pl.col("listed").any())
        .sort("major")
    )
    # Majors that follow each other are a chain; a gap of more than one begins another.
    chains = majors.with_columns(chain=(pl.col("major").diff().fill_null(0) > 2).cum_sum())  # noqa: PLR2004 - as above
    weights = chains.group_by("chain").agg(pl.col("reports").sum(), pl.col("listed").any())
    share = pl.col("reports") / pl.col("reports").sum()
    real = weights.filter(pl.col("listed") | (share >= thresholds.release_chain_least))
    found = chains.join(real.select("chain"), on="chain", how="semi")["major"]
    return cores.with_columns(anchor=candidate & pl.col("major").is_in(found.implode()))


def _near(cores: pl.DataFrame, anchors: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """Mark as `near` the cores that may follow an anchor, or precede one."""
    minors = anchors.group_by("major").agg(last_minor=pl.col("minor").max())
    patches = anchors.group_by("major", "minor").agg(last_patch=pl.col("patch").max())
    joined = cores.join(minors, on="major", how="left").join(patches, on=["major", "minor"], how="left")
    ahead, patch_ahead = thresholds.release_minors_ahead, thresholds.release_patches_ahead
    known_minor = pl.col("patch") <= pl.col("last_patch") + patch_ahead
    new_minor = (
        pl.col("last_patch").is_null()
        & (pl.col("minor") <= pl.col("last_minor") + ahead)
        & (pl.col("patch") <= patch_ahead)
    )
    first, last = (int(anchors["major"].cast(pl.Int64).sort()[place]) for place in (0, -1))
    old_major = (
        pl.col("last_minor").is_null()
        & pl.col("major").is_between(first - _MAJORS_BEFORE, last)
        & (pl.col("minor") <= thresholds.release_minors_most)
        & (pl.col("patch") <= patch_ahead)
    )
    new_major = (pl.col("major") == last + 1) & (pl.col("minor") <= ahead) & (pl.col("patch") <= patch_ahead)
    return joined.with_columns(near=(known_minor | new_minor | old_major | new_major).fill_null(value=False))
