"""Maps boto3's errors to the worker's own, by what the operator should do: wait, or change the setup.

Waiting helps when a service, the network or the source of credentials is down or busy. It does not help when
a request is refused: 4xx other than throttling, time-out and conflict, and whatever boto3 itself rejects in
credentials, profiles, names and certificates.

An expired token counts as refused, wherever it came from: boto3 renews what it can ten minutes ahead, so
waiting would not help this process, and the next one loads its credentials again.
"""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from stream_worker.process.errors import OutageError, SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PASSING: Final = frozenset(
    {
        "BadDigest",  # as the next two: the body was changed or cut off in transit
        "IncompleteBody",
        "XAmzContentSHA256Mismatch",
        "BandwidthLimitExceeded",
        "ConcurrentModificationException",
        "ConditionalCheckFailedException",
        "ConflictException",
        "ExpiredIteratorException",
        "ExpiredNextTokenException",
        "FederationSourceRetryableException",
        "IDPCommunicationError",
        "LimitExceededException",
        "OperationTimeoutException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ResourceInUseException",
        "ResourceNotReadyException",
        "ServiceUnavailable",
        "SlowDown",
        "TableInUseException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
"""Throttling, time-outs and conflicts of S3, Kinesis, DynamoDB, Glue and STS that come with status 400.

Codes that contain `Throttl` or begin with `Internal` belong here, too.
"""

_PASSING_STATUSES: Final = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}
)

_ACCESS: Final = "check {check} and the task's permissions"
_KEY: Final = "enable the KMS key that encrypts it, and allow the task's role to use the key"
_CLOCK: Final = "set this machine's clock"
_SIGNATURE: Final = "check the AWS_* variables, and this machine's clock"
_LOGIN: Final = "get new credentials (`aws sso login`, `aws login`, or the AWS_* variables), then start again"
_REGION: Final = "set AWS_REGION to its region"
_GONE: Final = "an object is missing: run it again; if it is still missing, check {check} and audit the day"

_REMEDIES: Final[Mapping[str, str]] = {
    "401": _LOGIN,
    "403": _ACCESS,  # the answer to a HEAD has no other code
    "404": _GONE,
    "AccessDenied": _ACCESS,
    "AccessDeniedException": _ACCESS,
    "AuthorizationHeaderMalformed": _REGION,
    "EntityNotFoundException": _ACCESS,
    "ExpiredToken": _LOGIN,
    "ExpiredTokenException": _LOGIN,
    "GlueEncryptionException": _KEY,
    "IllegalLocationConstraintException": _REGION,
    "InvalidAccessKeyId": _SIGNATURE,
    "InvalidClientTokenId": _SIGNATURE,
    "InvalidSignatureException": _SIGNATURE,
    "InvalidToken": _LOGIN,
    "NoSuchBucket": _ACCESS,
    "NoSuchKey": _GONE,
    "PermanentRedirect": _REGION,
    "RequestExpired": _CLOCK,
    "RequestTimeTooSkewed": _CLOCK,
    "ResourceNotFoundException": _ACCESS,
    "SignatureDoesNotMatch": _SIGNATURE,
    "UnauthorizedException": _LOGIN,
    "UnrecognizedClientException": _SIGNATURE,
}

_OUT_OF_REACH: Final = (
    exceptions.CapacityNotAvailableError,
    exceptions.ChecksumError,
    exceptions.ConnectionError,
    exceptions.FlexibleChecksumError,
    exceptions.HTTPClientError,
    exceptions.IncompleteReadError,
    exceptions.MetadataRetrievalError,
    exceptions.PaginationError,
)
_BROKEN_OFF: Final = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError, ConnectionError)
"""TLS that the network broke off; all other TLS errors are certificates or settings."""

_OF_THE_MACHINE: Final = frozenset({"container-role", "iam-role"})
"""boto3's names for credentials from an agent beside the worker, which may be down for a while."""

_CREDENTIALS: Final = "check the task's role or the AWS_* variables"
_CONFIG: Final = "check {check}, AWS_CONFIG_FILE and the AWS_* variables"

_LOCAL_REMEDIES: Final[tuple[tuple[type[BotoCoreError], str], ...]] = (
    (exceptions.CredentialRetrievalError, _CREDENTIALS),
    (exceptions.NoCredentialsError, _CREDENTIALS),
    (exceptions.PartialCredentialsError, _CREDENTIALS),
    (exceptions.NoRegionError, "set AWS_REGION to the region of the stream"),
    (exceptions.InvalidRegionError, "set AWS_REGION to the region of the stream"),
    (exceptions.ProfileNotFound, "no profile {profile}: set AWS_PROFILE to an existing one, or unset it"),
    (exceptions.SSLError, "check AWS_CA_BUNDLE, AWS_ENDPOINT_URL and this machine's certificates"),
    (exceptions.SSOError, _LOGIN),
    (exceptions.LoginError, _LOGIN),
    (exceptions.TokenRetrievalError, _LOGIN),
    (exceptions.NoAuthTokenError, _LOGIN),
    (exceptions.RefreshWithMFAUnsupportedError, _LOGIN),
    (exceptions.ParamValidationError, "check {check}: AWS does not allow such a name"),
    (BotoCoreError, _CONFIG),
)
"""The remedy for what boto3 itself rejects: that of the first class that fits."""


def worker_error(error: BotoCoreError | ClientError, what: str, check: str) -> SetupError | OutageError:
    """Return the error to raise: `what` could not be used, and `check` is the part of the setup to check."""
    if isinstance(error, ClientError):
        code = error.response["Error"].get("Code", "unknown")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return error_for_code(code, status, what, check)
    name = type(error).__name__
    if _passes(error):
        remedy = "check that it can be reached, then start the worker again: no data is lost"
        return OutageError(f"{what}: {name}; {remedy}")
    remedy = next(text for kind, text in _LOCAL_REMEDIES if isinstance(error, kind))
    return SetupError(f"{what}: {name}; {_filled(remedy, error.kwargs, check)}")


def error_for_code(code: str, status: int, what: str, check: str) -> SetupError | OutageError:
    """Return the error for an answer of AWS by its code and HTTP status; a status of 0 means unknown."""
    if not _is_setup(code, status):
        return OutageError(f"{what}: AWS answered {code}; start the worker again: no data is lost")
    remedy = _REMEDIES.get(code, _KEY if code.startswith("KMS") else _ACCESS)
    return SetupError(f"{what}: {code}; {_filled(remedy, {}, check)}")


@contextmanager
def worker_errors(what: str, check: str) -> Iterator[None]:
    """Turn boto3's errors inside into `SetupError` or `OutageError`."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise worker_error(error, what, check) from error


def _is_setup(code: str, status: int) -> bool:
    named = code in _PASSING or "Throttl" in code or code.startswith("Internal")
    if named or status in _PASSING_STATUSES:
        return False
    if not status:
        return code in _REMEDIES or code.startswith("KMS")
    return (
        HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR
        or status == HTTPStatus.NOT_IMPLEMENTED  # a service that imitates AWS's, but lacks this call
    )


def _passes(error: BotoCoreError) -> bool:
    if isinstance(error, exceptions.SSLError):
        return isinstance(_root(error), _BROKEN_OFF)
    if isinstance(error, exceptions.CredentialRetrievalError):
        return error.kwargs.get("provider") in _OF_THE_MACHINE
    return isinstance(error, _OUT_OF_REACH)


def _root(error: BotoCoreError) -> BaseException:
    """Return the TLS library's error: urllib3 and botocore each wrap it."""
    found: Any = error.kwargs.get("error")
    while isinstance(found, BaseException) and found.args and isinstance(found.args[0], BaseException):
        found = found.args[0]
    return found if isinstance(found, BaseException) else error


def _filled(remedy: str, known: Mapping[str, object], check: str) -> str:
    return remedy.format(check=check, profile=known.get("profile", ""))
