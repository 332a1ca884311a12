from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.worker.forgetful import Site
from tests.support.worker.ledger import Ledger, and_tomorrow, filled
from tests.support.worker.past_days import NOON, set_clock
from tests.support.worker.sealing import Theatre, usual

if TYPE_CHECKING:
    from tests.conftest import Cloud


@pytest.fixture
def theatre() -> Theatre:
    """Give a lake with two shards' day, which readers see live."""
    return Theatre().fill(usual())


@pytest.fixture
def ledger() -> Ledger:
    """Give a lake with a day of two shards and the beginning of the next."""
    return and_tomorrow(filled())


@pytest.fixture
def two_shards(cloud: Cloud, fresh_name: str) -> str:
    """Make a stream, at eleven on the day."""
    set_clock(cloud, fresh_name, NOON - timedelta(hours=1))
    cloud.kinesis.create_stream(StreamName=fresh_name, ShardCount=2)
    return fresh_name


@pytest.fixture
def one_shard(cloud: Cloud, fresh_name: str) -> str:
    """Make a stream, at eleven on the day."""
    set_clock(cloud, fresh_name, NOON - timedelta(hours=1))
    cloud.kinesis.create_stream(StreamName=fresh_name, ShardCount=1)
    return fresh_name


@pytest.fixture
def site(cloud: Cloud, fresh_name: str) -> Site:
    """Give a stream of one shard that remembers a day, and the lake of its worker."""
    return Site.made(cloud, fresh_name)
