"""What boto3 raises, told as the worker's own errors: by what the operator should do."""

from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
)

from stream_worker.errors import OutageError, SetupError

_SETUP_ERRORS: Final = (
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,  # a name that AWS does not allow
    PartialCredentialsError,
)
_SETUP_CODES: Final = frozenset(
    {
        "403",  # all that a HEAD is told
        "AccessDenied",
        "AccessDeniedException",
        "EntityNotFoundException",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidSignatureException",
        "NoSuchBucket",
        "ResourceNotFoundException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)


def told(error: BotoCoreError | ClientError, what: str, check: str) -> SetupError | OutageError:
    """Return the error to raise: `what` could not be used, and `check` is what to look at in the setup."""
    if isinstance(error, ClientError):
        code = error.response["Error"].get("Code", "unknown")
        if code in _SETUP_CODES:
            return SetupError(f"{what}: {code}; check {check} and the task's permissions")
        return OutageError(f"{what}: AWS answered {code}; start the worker again, nothing is lost")
    name = type(error).__name__
    if isinstance(error, _SETUP_ERRORS):
        return SetupError(f"{what}: {name}; check {check}, and the task's role or the AWS_* variables")
    return OutageError(f"{what}: {name}; is it within reach? Start the worker again, nothing is lost")
