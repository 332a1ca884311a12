"""An S3 client over objects in memory: the calls that the project makes, with S3's answers and refusals."""

from __future__ import annotations

import io
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.simulation.world import Fate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.simulation.world import World


_T = TypeVar("_T")

PAGE: Final = 8
_CONFLICTS: Final = 0.01
_PAGED: Final = 3  # a day's folder is listed in pages, the folders above it at once


class NoSuchKeyError(ClientError):
    """What S3 answers to a GET of nothing."""


@dataclass(slots=True)
class Exceptions:
    """The client's exceptions, as boto3 names them."""

    NoSuchKey = NoSuchKeyError


def refusal(operation: str, code: str, status: int) -> ClientError:
    """Return an error as boto3 raises it."""
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, operation)  # type: ignore[arg-type] # the fields that are read


class Objects(dict[str, tuple[bytes, dict[str, str]]]):
    """Objects by key, and the keys in their order, which most requests find as the last one left them."""

    _ordered: list[str] | None = None

    def after(self, prefix: str, after: str, most: int | None) -> list[str]:
        """Return the first keys that begin with a prefix and come after a key; all, or so many."""
        ordered = self._ordered
        if ordered is None or len(ordered) != len(self):
            ordered = self._ordered = sorted(self)
        begin = bisect_right(ordered, after) if after > prefix else bisect_left(ordered, prefix)
        found: list[str] = []
        for key in islice(ordered, begin, None):
            if not key.startswith(prefix) or len(found) == most:
                break
            found.append(key)
        return found

    def __setitem__(self, key: str, made: tuple[bytes, dict[str, str]]) -> None:
        """Make an object, or change it."""
        if self._ordered is not None and key not in self:
            insort(self._ordered, key)
        super().__setitem__(key, made)

    def pop(self, key: str, *default: Any) -> Any:  # noqa: ANN401 - as a dictionary's
        """Remove an object."""
        self._ordered = None
        return super().pop(key, *default)

    def clear(self) -> None:
        """Remove all objects."""
        self._ordered = None
        super().clear()

    def update(self, *others: Any, **more: Any) -> None:  # noqa: ANN401 - as a dictionary's
        """Make objects, or change them."""
        self._ordered = None
        super().update(*others, **more)


@dataclass(slots=True)
class Bucket:
    """The objects; `on_put` is called before one is made, `on_delete` after some were removed."""

    world: World
    objects: Objects = field(default_factory=Objects)
    made: dict[str, float] = field(default_factory=dict)
    on_put: Callable[[str, bytes, Mapping[str, str]], None] = lambda *_: None
    on_delete: Callable[[list[str]], None] = lambda _: None
    exceptions: type[Exceptions] = Exceptions

    def put_object(self, **wanted: Any) -> None:  # noqa: ANN401 - boto3's
        """PUT, atomically; on the condition that there is none, if asked."""
        key, body, metadata = wanted["Key"], wanted["Body"], wanted["Metadata"]

        def do() -> None:
            if wanted.get("IfNoneMatch") and key in self.objects:
                raise refusal("PutObject", "PreconditionFailed", 412)
            self.on_put(key, body, metadata)
            self.objects[key] = (body, dict(metadata))
            self.made[key] = self.world.now

        if not self.world.calm and self.world.random.random() < _CONFLICTS:
            raise refusal("PutObject", "ConditionalRequestConflict", 409)
        self._ask(f"PUT {key}", do, writes=True)

    def head_object(self, **wanted: Any) -> dict[str, Any]:  # noqa: ANN401 - boto3's
        """HEAD."""
        key = wanted["Key"]

        def do() -> dict[str, Any]:
            if key not in self.objects:
                raise refusal("HeadObject", "404", 404)
            return {"Metadata": dict(self.objects[key][1])}

        return self._ask(f"HEAD {key}", do)

    def get_object(self, **wanted: Any) -> dict[str, Any]:  # noqa: ANN401 - boto3's
        """GET."""
        key = wanted["Key"]

        def do() -> dict[str, Any]:
            if key not in self.objects:
                response: Any = {"Error": {"Code": "NoSuchKey"}, "ResponseMetadata": {"HTTPStatusCode": 404}}
                raise NoSuchKeyError(response, "GetObject")
            return {"Body": io.BytesIO(self.objects[key][0]), "Metadata": dict(self.objects[key][1])}

        return self._ask(f"GET {key}", do)

    def delete_objects(self, **wanted: Any) -> dict[str, Any]:  # noqa: ANN401 - boto3's
        """DELETE some."""
        keys = [one["Key"] for one in wanted["Delete"]["Objects"]]

        def do() -> dict[str, Any]:
            gone = [key for key in keys if self.objects.pop(key, None) is not None]
            self.on_delete(gone)
            return {}

        return self._ask(f"DELETE {len(keys)} below {keys[0] if keys else ''}", do, writes=True)

    def get_paginator(self, _name: str) -> Bucket:
        """LIST: see `paginate`."""
        return self

    def paginate(self, **wanted: Any) -> Pages:  # noqa: ANN401 - boto3's
        """LIST in pages, each asked for by itself: what is made in between may be in a later one."""
        return Pages(self, wanted["Prefix"], wanted.get("Delimiter", ""))

    def page(self, prefix: str, after: str) -> dict[str, int]:
        """LIST one page: keys and sizes, as they are at one moment."""
        return self._ask(
            f"LIST {prefix}",
            lambda: {key: len(self.objects[key][0]) for key in self._after(prefix, after)},
        )

    def _after(self, prefix: str, after: str) -> list[str]:
        return self.objects.after(prefix, after, None if prefix.count("/") < _PAGED else PAGE)

    def _ask(self, what: str, do: Callable[[], _T], *, writes: bool = False) -> _T:
        return self.world.effect("s3", what, do, error=_error, writes=writes)


@dataclass(slots=True)
class Pages:
    """A listing that begins anew each time it is read, as boto3's does."""

    bucket: Bucket
    prefix: str
    delimiter: str

    def __iter__(self) -> Iterator[dict[str, Any]]:
        after = ""
        while True:
            keys = self.bucket.page(self.prefix, after)
            names = [key.removeprefix(self.prefix) for key in keys]
            folders = sorted({name.partition("/")[0] for name in names if "/" in name})
            yield {
                "Contents": [{"Key": key, "Size": size} for key, size in keys.items()],
                "CommonPrefixes": [{"Prefix": f"{self.prefix}{name}/"} for name in folders],
            }
            if self.delimiter or len(keys) != PAGE:
                return
            after = next(reversed(keys))


def _error(fate: Fate) -> Exception:
    if fate is Fate.REFUSED:
        return refusal("S3", "SlowDown", 503)
    return ReadTimeoutError(endpoint_url="s3")
