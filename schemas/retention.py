"""How long what was refused is kept: the disclosure page promises it, the bucket's rules see to it."""

from typing import Final

REJECTS_DAYS: Final = 30
"""Days after which an object of rejects is removed by S3, counted from when it was made.

Rejects are whole bodies, of whatever was sent. Objects are made as records arrive, as their day is
sealed, and whenever the day is replayed: each of them has an age of its own.
"""
