"""The KPL's aggregate on the wire: magic bytes, a protobuf message, the message's MD5.

https://github.com/awslabs/kinesis-aggregation/blob/master/aggregation-format.md
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, Protocol, cast

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf.message import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from google.protobuf.message import Message

MAGIC: Final = b"\xf3\x89\x9a\xc2"
_DIGEST_BYTES: Final = 16

# By the format, keys are strings. Read as bytes, they pass even if they are not UTF-8, as in Java.
_FORMAT: Final = """
name: "kpl.proto" package: "kpl" syntax: "proto2"
message_type {
  name: "Tag"
  field { name: "key" number: 1 type: TYPE_BYTES label: LABEL_REQUIRED }
  field { name: "value" number: 2 type: TYPE_BYTES label: LABEL_OPTIONAL }
}
message_type {
  name: "Member"
  field { name: "partition_key_index" number: 1 type: TYPE_UINT64 label: LABEL_REQUIRED }
  field { name: "explicit_hash_key_index" number: 2 type: TYPE_UINT64 label: LABEL_OPTIONAL }
  field { name: "data" number: 3 type: TYPE_BYTES label: LABEL_REQUIRED }
  field { name: "tags" number: 4 type: TYPE_MESSAGE type_name: ".kpl.Tag" label: LABEL_REPEATED }
}
message_type {
  name: "Aggregate"
  field { name: "partition_key_table" number: 1 type: TYPE_BYTES label: LABEL_REPEATED }
  field { name: "explicit_hash_key_table" number: 2 type: TYPE_BYTES label: LABEL_REPEATED }
  field { name: "records" number: 3 type: TYPE_MESSAGE type_name: ".kpl.Member" label: LABEL_REPEATED }
}
"""


class Member(Protocol):
    """One record of an aggregate; its keys are in the aggregate's tables, at these indexes."""

    partition_key_index: int
    explicit_hash_key_index: int
    data: bytes

    def HasField(self, field_name: str) -> bool:  # noqa: N802 - protobuf's name
        """Return whether an optional field is present."""


class Aggregate(Protocol):
    """A parsed aggregate."""

    partition_key_table: Sequence[bytes]
    explicit_hash_key_table: Sequence[bytes]
    records: Sequence[Member]


def _message_class() -> Callable[[], Message]:
    # A separate pool: other packages define this format too, and names must be unique in the default pool.
    pool = descriptor_pool.DescriptorPool()
    pool.Add(text_format.Parse(_FORMAT, descriptor_pb2.FileDescriptorProto()))
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("kpl.Aggregate"))


_AGGREGATE: Final = _message_class()


def parse(body: bytes) -> Aggregate | None:
    """Return a record's body as an aggregate, or `None` for a plain record.

    A body with the magic bytes is still plain if the MD5 does not match, or if it has no message, or one that
    is not an aggregate. Unlike in Java, so is a message with a tag or length of more than 32 bits, which no
    encoder makes.
    """
    message = body[len(MAGIC) : -_DIGEST_BYTES]
    if not body.startswith(MAGIC) or not message:
        return None
    if hashlib.md5(message, usedforsecurity=False).digest() != body[-_DIGEST_BYTES:]:
        return None
    aggregate = _AGGREGATE()
    try:
        aggregate.ParseFromString(message)
    except DecodeError:
        return None
    return cast("Aggregate", aggregate) if aggregate.IsInitialized() else None
