"""The lake on Amazon S3.

Not obstore: it takes a 409 for a key that exists (stream_worker/decisions/0009-parts-of-our-own.md).
"""

from __future__ import annotations

import time
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

import structlog
from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from stream_worker.lake.store import MOST_BYTES
from stream_worker.process.aws_errors import error_for_code, worker_errors
from stream_worker.process.errors import OutageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef
    from tenacity import RetryCallState

PATIENCE_SECONDS: Final = 600.0
"""How long to retry during an outage. The worker reads nothing meanwhile; restarting it does not help."""

PATIENCE_OF_PEOPLE_SECONDS: Final = 60.0
"""The same for a command that a person waits for: a longer outage is reported to them."""

_CONFLICT_TRIES: Final = 10
_DELETED_AT_ONCE: Final = 1_000  # the most that S3 takes
_LONGEST_PAUSE: Final = 5.0  # seconds: how late the end of an outage may be noticed

_P = ParamSpec("_P")
_T = TypeVar("_T")

log = structlog.get_logger("lake")


class S3Lake:
    """A bucket; raises `SetupError` when it is missing or refused, `OutageError` when patience runs out.

    `patience` is in seconds; it runs out at once when the process is asked to stop.
    """

    def __init__(
        self,
        client: S3Client,
        bucket: str,
        *,
        patience: float = 0,
        asked_to_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._itself = f"bucket {bucket}", "METRICS_BUCKET"
        self._patience = patience
        self._asked_to_stop = asked_to_stop
        self._waiting: list[Callable[[], None]] = []

    def while_waiting(self, call: Callable[[], None]) -> None:
        """Call this before each pause of a wait, every few seconds: the waiting owner shows it is alive."""
        self._waiting.append(call)

    def put_new(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        """PUT with `If-None-Match: *`; 412 is False, 409 (another PUT under way) is tried again."""
        return self._patiently(self._put_new, key, body, metadata)

    def metadata(self, key: str) -> Mapping[str, str]:
        """HEAD the object."""
        return self._patiently(
            lambda: self._client.head_object(Bucket=self._bucket, Key=key)["Metadata"],
        )

    def get(self, key: str) -> bytes:
        """GET the object."""
        return self.with_metadata(key)[0]

    def find(self, key: str, most: int = MOST_BYTES) -> bytes | None:
        """GET the object; a NoSuchKey is None."""

        def read() -> bytes | None:
            try:
                return _read(self._client.get_object(Bucket=self._bucket, Key=key)["Body"], most)
            except self._client.exceptions.NoSuchKey:
                return None

        return self._patiently(read)

    def with_metadata(self, key: str) -> tuple[bytes, Mapping[str, str]]:
        """GET the object."""

        # The whole of it each time: the connection may break in the middle.
        def read() -> tuple[bytes, Mapping[str, str]]:
            found = self._client.get_object(Bucket=self._bucket, Key=key)
            return _read(found["Body"], MOST_BYTES), found["Metadata"]

        return self._patiently(read)

    def delete(self, keys: Iterable[str]) -> None:
        """DELETE the objects, a thousand a request."""
        left = iter(keys)
        while some := list(islice(left, _DELETED_AT_ONCE)):
            self._patiently(self._delete, some)

    def keys(self, prefix: str) -> Iterator[str]:
        """LIST the objects; all pages are read before the first key is yielded."""
        return iter(self.sizes(prefix))

    def sizes(self, prefix: str) -> Mapping[str, int]:
        """LIST the objects, in the order of their keys."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return self._patiently(
            lambda: {one["Key"]: one["Size"] for page in pages for one in page.get("Contents", [])}
        )

    def folders(self, prefix: str) -> list[str]:
        """LIST the common prefixes, page by page."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, Delimiter="/"
        )
        found = self._patiently(
            lambda: [shared["Prefix"] for page in pages for shared in page.get("CommonPrefixes", [])]
        )
        return [folder.removeprefix(prefix).rstrip("/") for folder in found]

    def _put_new(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        for attempt in range(_CONFLICT_TRIES):
            try:
                self._client.put_object(
                    Bucket=self._bucket, Key=key, Body=body, Metadata=dict(metadata), IfNoneMatch="*"
                )
            except ClientError as error:
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                if status == HTTPStatus.PRECONDITION_FAILED:
                    return False
                if status != HTTPStatus.CONFLICT:
                    raise
                time.sleep(min(0.05 * 2**attempt, 2))
            else:
                return True
        raise OutageError(f"S3 answered 409 {_CONFLICT_TRIES} times for one key: restart the worker")

    def _delete(self, keys: list[str]) -> None:
        objects: list[ObjectIdentifierTypeDef] = [{"Key": key} for key in keys]
        answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True})
        if answer.get("Errors"):
            code = answer["Errors"][0].get("Code", "unknown")
            raise error_for_code(code, 0, *self._itself)  # each key has a code but no status

    def _patiently(self, ask: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Retry until S3 answers, patience runs out, or waiting cannot help."""
        patience = Retrying(
            retry=retry_if_exception(self._worth_waiting),
            stop=stop_after_delay(self._patience),
            wait=wait_random_exponential(multiplier=0.1, max=_LONGEST_PAUSE),
            before_sleep=self._log_waiting,
            reraise=True,
        )
        answer: _T = patience(self._once, ask, *args, **kwargs)
        return answer

    def _worth_waiting(self, error: BaseException) -> bool:
        return isinstance(error, OutageError) and not self._asked_to_stop()

    def _once(self, ask: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        with worker_errors(*self._itself):
            return ask(*args, **kwargs)

    def _log_waiting(self, state: RetryCallState) -> None:
        error = _name(state.outcome.exception() if state.outcome else None)
        note = "No data is lost. This shard stops reading until S3 responds."
        log.warning("lake.waiting", bucket=self._bucket, attempt=state.attempt_number, error=error, note=note)
        for call in self._waiting:
            call()


def _read(body: StreamingBody, most: int) -> bytes:
    """Read a whole body; of one longer than `most`, `most` + 1 bytes."""
    held = body.read(most + 1)
    # Only reading to the end shows whether the connection broke before it.
    return held if len(held) > most else held + body.read()


def _name(error: BaseException | None) -> str:
    """Return AWS's code for an outage, or the name of the error that kept us from an answer."""
    cause = (error and error.__cause__) or error
    if isinstance(cause, ClientError):
        return cause.response["Error"].get("Code", "unknown")
    return type(cause).__name__
