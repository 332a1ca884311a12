"""What a client makes of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Cloud

KEY = "key"


def code(act: Callable[[], object]) -> tuple[int, str]:
    """Return the status and the code that a client reads from an error."""
    with pytest.raises(ClientError) as caught:
        act()
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def exists(cloud: Cloud, bucket: str, key: str) -> bool:
    return any(one["Key"] == key for one in cloud.s3.list_objects_v2(Bucket=bucket).get("Contents", ()))
