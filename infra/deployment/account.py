"""Whether an account can be reached, asked before the CDK is: its own answer is harder to read."""

from __future__ import annotations

import os
import sys
from typing import Final

import boto3

_USAGE: Final = 2


def obstacle() -> str | None:
    """Return what is missing to reach an account; None if nothing is. The settings are not tried out."""
    session = boto3.Session(region_name=os.environ.get("AWS_REGION"))
    if session.get_credentials() is None:
        return "no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if session.region_name is None:
        return "no AWS region: set AWS_REGION"
    return None


def main() -> None:
    """Say what is missing and exit with status 2, or be silent."""
    found = obstacle()
    if found is not None:
        sys.stderr.write(f"{found}. `make synth` needs no account.\n")
        sys.exit(_USAGE)


if __name__ == "__main__":
    main()
