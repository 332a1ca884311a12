"""The nonces that a day has already accepted: 128-bit numbers, sorted, 16 bytes each."""

from itertools import pairwise
from typing import Final

import polars as pl

from stream_worker.judging.digits import NONCE

_BUCKETS: Final = 16
_BUCKET_WIDTH: Final = 1 << 124
_RECENT_LEAST: Final = 4096
_RECENT_SHARE: Final = 8


def nonces(stack_ids: pl.Expr) -> pl.Expr:
    """Return lower-case UUIDs as 128-bit numbers, which is what they are."""
    digits = stack_ids.str.replace_all("-", "", literal=True)
    return digits.str.decode("hex").bin.reinterpret(dtype=NONCE, endianness="big")


class _Bucket:
    """One sixteenth of the range: a long sorted run and a short one, so that the long one is rarely sorted.

    Merging needs both runs twice for a moment; merging one bucket at a time bounds the memory.
    """

    __slots__ = ("_long", "_short")

    def __init__(self) -> None:
        self._long = pl.Series(dtype=NONCE)
        self._short = pl.Series(dtype=NONCE)

    def __len__(self) -> int:
        return len(self._long) + len(self._short)

    def contains(self, batch: pl.Series) -> pl.Series:
        return _found(self._long, batch) | _found(self._short, batch)

    def add(self, fresh: pl.Series) -> None:
        self._short = pl.concat([self._short, fresh], rechunk=True).sort()
        if len(self._short) > max(_RECENT_LEAST, len(self._long) // _RECENT_SHARE):
            self._long = pl.concat([self._long, self._short], rechunk=True).sort()
            self._short = pl.Series(dtype=NONCE)


class Seen:
    """A set of nonces for millions of members, asked in batches of thousands."""

    def __init__(self) -> None:
        self._buckets = tuple(_Bucket() for _ in range(_BUCKETS))

    def __len__(self) -> int:
        return sum(len(bucket) for bucket in self._buckets)

    def contains(self, batch: pl.Series) -> pl.Series:
        """Return for each nonce of `batch`, in order, whether it is a member."""
        ordered = pl.DataFrame({"nonce": batch, "row": pl.int_range(len(batch), eager=True)}).sort("nonce")
        found = [bucket.contains(ordered["nonce"][part]) for bucket, part in self._parts(ordered["nonce"])]
        if not found:
            return pl.Series(dtype=pl.Boolean)
        return ordered.select("row", pl.concat(found).alias("found")).sort("row")["found"]

    def add(self, batch: pl.Series) -> None:
        """Add nonces. One that is already a member is kept twice, which only costs memory."""
        ordered = batch.sort()
        for bucket, part in self._parts(ordered):
            bucket.add(ordered[part])

    def _parts(self, ordered: pl.Series) -> list[tuple[_Bucket, slice]]:
        bounds = pl.Series([number * _BUCKET_WIDTH for number in range(1, _BUCKETS)], dtype=NONCE)
        cuts = [0, *ordered.search_sorted(bounds), len(ordered)]
        slices = (slice(start, end) for start, end in pairwise(cuts))
        return [
            (bucket, part)
            for bucket, part in zip(self._buckets, slices, strict=True)
            if part.start < part.stop
        ]


def _found(run: pl.Series, batch: pl.Series) -> pl.Series:
    if run.is_empty():
        return pl.repeat(value=False, n=len(batch), eager=True)
    nearest = run.search_sorted(batch).clip(upper_bound=len(run) - 1)
    return run.gather(nearest) == batch
