"""What a process of this machine is kept from: the caller's accounts, profiles, endpoints and proxies."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import botocore.session

from infra.local.ports import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROXIES: Final = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"})
_HERE: Final = (LOOPBACK, "localhost", "::1")

CLOSED: Final = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
}
"""What keeps boto3 and the Java SDK from files that lead elsewhere, and from the machine's own role."""

LEADING_ELSEWHERE: Final = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_ENDPOINT_URL_CLOUDWATCH",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_GLUE",
    "AWS_ENDPOINT_URL_KINESIS",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_STS",
)
"""What a shell must forget before it uses an emulator: it comes before what the exports say."""


def without_aws(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without AWS_* and METRICS_* variables, files of AWS and proxies.

    What is started with it and an emulator's endpoint asks nothing outside this machine.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(("AWS_", "METRICS_")) and name.upper() not in _PROXIES
    }
    return kept | CLOSED | no_proxy(environ)


def close() -> None:
    """Make this process's own environment such a one."""
    kept = without_aws(os.environ)
    for name in os.environ.keys() - kept.keys():
        del os.environ[name]
    os.environ.update(kept)


def why_aws_itself() -> str:
    """Return why clients lead to AWS although AWS_ENDPOINT_URL is set; nothing if they do not ignore it."""
    if not botocore.session.get_session().get_config_variable("ignore_configured_endpoint_urls"):
        return ""
    return (
        " boto3 is configured to ignore that variable: set AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false, which "
        "also overrules ignore_configured_endpoint_urls in your AWS configuration file."
    )


def no_proxy(environ: Mapping[str, str]) -> dict[str, str]:
    """Return NO_PROXY, in both spellings, with this machine in it: a proxy knows nothing of its loopback."""
    return {
        name: ",".join(dict.fromkeys([*filter(None, environ.get(name, "").split(",")), *_HERE]))
        for name in ("NO_PROXY", "no_proxy")
    }
