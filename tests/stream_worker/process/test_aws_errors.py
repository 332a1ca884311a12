"""Waiting is for outages only: every error of botocore and every kind of answer is an outage or the setup."""

from __future__ import annotations

import ssl
from string import Formatter

import botocore.exceptions
import pytest
from botocore.exceptions import BotoCoreError, ClientError, CredentialRetrievalError, SSLError
from botocore.loaders import Loader
from botocore.retries import standard

from stream_worker.process.aws_errors import error_for_code, worker_error
from stream_worker.process.errors import OutageError, SetupError

PASSING = {
    "CapacityNotAvailableError",
    "ChecksumError",
    "ConnectTimeoutError",
    "ConnectionClosedError",
    "ConnectionError",
    "EndpointConnectionError",
    "FlexibleChecksumError",
    "HTTPClientError",
    "IncompleteReadError",
    "MetadataRetrievalError",
    "PaginationError",
    "ProxyConnectionError",
    "ReadTimeoutError",
    "ResponseStreamingError",
}
ALL = sorted(
    (
        kind
        for kind in vars(botocore.exceptions).values()
        if isinstance(kind, type) and issubclass(kind, BotoCoreError)
    ),
    key=lambda kind: kind.__name__,
)


def botocores(checker: str, codes: str) -> list[str]:
    """Return the codes for which botocore's own standard mode tries again; the stubs do not know them."""
    found: list[str] = getattr(getattr(standard, f"{checker}RetryableChecker"), codes)
    return found


def made(kind: type[BotoCoreError]) -> BotoCoreError:
    names = [name for _, name, _, _ in Formatter().parse(kind.fmt) if name]
    more = {"last_response": None} if kind.__name__ == "WaiterError" else {}
    return kind(**dict.fromkeys(names, "x"), **more)


@pytest.mark.parametrize("kind", ALL)
def test_of_boto3s_own_errors_only_those_of_the_network_are_outages(
    kind: type[BotoCoreError],
) -> None:
    error = worker_error(made(kind), "bucket lake", "METRICS_BUCKET")
    assert isinstance(error, OutageError if kind.__name__ in PASSING else SetupError)
    assert str(error).startswith(f"bucket lake: {kind.__name__}; ")


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("LoginRefreshRequired", "`aws login`"),
        ("NoCredentialsError", "the task's role or the AWS_* variables"),
        ("NoRegionError", "set AWS_REGION"),
        ("ParamValidationError", "check METRICS_BUCKET"),
        ("ProfileNotFound", "no profile x: set AWS_PROFILE"),
        ("SSLError", "AWS_CA_BUNDLE"),
        ("SSOTokenLoadError", "`aws sso login`"),
        ("TokenRetrievalError", "`aws sso login`"),
        ("UnauthorizedSSOTokenError", "`aws sso login`"),
    ],
)
def test_an_error_of_the_setup_says_what_to_do(name: str, remedy: str) -> None:
    kind = getattr(botocore.exceptions, name)
    assert remedy in str(worker_error(made(kind), "bucket lake", "METRICS_BUCKET"))


@pytest.mark.parametrize(
    ("provider", "error"),
    [
        ("container-role", OutageError),
        ("iam-role", OutageError),
        ("custom-process", SetupError),
        ("assume-role", SetupError),
    ],
)
def test_the_agent_that_hands_out_credentials_may_be_out(provider: str, error: type[Exception]) -> None:
    cause = CredentialRetrievalError(provider=provider, error_msg="SECRET")
    found = worker_error(cause, "bucket lake", "METRICS_BUCKET")
    assert isinstance(found, error)
    assert "SECRET" not in str(found)


@pytest.mark.parametrize(
    ("cause", "error"),
    [
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), OutageError),
        (ConnectionResetError(104, "Connection reset by peer"), OutageError),
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), SetupError),
        (FileNotFoundError(2, "No such file or directory"), SetupError),
        (ssl.SSLError(1, "wrong version number"), SetupError),
    ],
)
def test_tls_that_was_broken_off_is_an_outage_and_a_certificate_is_not(
    cause: Exception, error: type[Exception]
) -> None:
    wrapped = SSLError(endpoint_url="https://lake", error=OSError(cause))
    assert isinstance(worker_error(wrapped, "bucket lake", "METRICS_BUCKET"), error)


@pytest.mark.parametrize(
    ("status", "code", "remedy"),
    [
        (400, "ExpiredToken", "`aws sso login`"),
        (400, "ExpiredTokenException", "`aws sso login`"),
        (403, "403", "the task's permissions"),
        (403, "AccessDenied", "the task's permissions"),
        (403, "RequestTimeTooSkewed", "set this machine's clock"),
        (403, "SignatureDoesNotMatch", "this machine's clock"),
        (400, "InvalidSignatureException", "this machine's clock"),
        (403, "InvalidAccessKeyId", "AWS_*"),
        (301, "PermanentRedirect", "AWS_REGION"),
        (404, "NoSuchBucket", "METRICS_BUCKET"),
        (404, "404", "audit the day"),
        (404, "NoSuchKey", "audit the day"),
        (400, "KMS.DisabledException", "enable the KMS key"),
        (400, "KMSDisabledException", "enable the KMS key"),
        (400, "KMSInvalidStateException", "enable the KMS key"),
        (400, "GlueEncryptionException", "enable the KMS key"),
        (400, "ACodeThatIsNotKnown", "METRICS_BUCKET"),
        (501, "NotImplemented", "METRICS_BUCKET"),
        (0, "AccessDenied", "the task's permissions"),
        (0, "KMS.DisabledException", "enable the KMS key"),
    ],
)
def test_what_is_refused_is_a_matter_of_setup_and_says_what_to_do(
    status: int, code: str, remedy: str
) -> None:
    found = error_for_code(code, status, "bucket lake", "METRICS_BUCKET")
    assert isinstance(found, SetupError)
    assert f"bucket lake: {code}; " in str(found)
    assert remedy in str(found)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        *((400, code) for code in botocores("Throttled", "_THROTTLED_ERROR_CODES")),
        *((400, code) for code in botocores("Transient", "_TRANSIENT_ERROR_CODES")),
        (400, "ConcurrentModificationException"),
        (400, "ExpiredNextTokenException"),
        (400, "IDPCommunicationError"),
        (400, "IncompleteBody"),
        (400, "KMS.ThrottlingException"),
        (400, "KMSThrottlingException"),
        (400, "OperationTimeoutException"),
        (400, "ResourceInUseException"),
        (408, "408"),
        (409, "OperationAborted"),
        (429, "429"),
        (500, "InternalError"),
        (502, "502"),
        (503, "SlowDown"),
        (503, "503"),
        (504, "504"),
        (0, "InternalError"),
        (0, "unknown"),
    ],
)
def test_throttling_time_out_conflict_and_5xx_are_outages(status: int, code: str) -> None:
    found = error_for_code(code, status, "bucket lake", "METRICS_BUCKET")
    assert isinstance(found, OutageError)
    assert code in str(found)


@pytest.mark.parametrize("service", ["kinesis", "dynamodb", "glue"])
def test_every_modelled_error_of_a_key_access_or_absence_is_a_matter_of_setup(service: str) -> None:
    model = Loader().load_service_model(service, "service-2")
    codes = [name for name, shape in model["shapes"].items() if shape.get("exception")]
    hopeless = [code for code in codes if "Denied" in code or "NotFound" in code or "Disabled" in code]
    assert hopeless
    for code in hopeless:
        error = ClientError(
            {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 400}},  # type: ignore[typeddict-item] # what is read
            "Ask",
        )
        assert isinstance(worker_error(error, "it", "IT"), SetupError), code
