"""What was measured of this project (tests/README.md, infra/README.md), and what is assumed of its use."""

from typing import Final

EDGE_REPORTS_A_SECOND: Final = 13_800
"""One core's."""
JVM_MICROSECONDS: Final = 33
CHILD_MICROSECONDS: Final = 20
"""A record's, of one core, with several shards."""

JVM_MIB: Final = 398
CHILD_MIB: Final = 184
"""Of one shard, under load."""
HEAP_MIB_A_SHARD: Final = 80
"""By which the JVM may grow with each shard that has a backlog."""

SEAL_SECONDS: Final = {10**5: 1.2, 10**6: 13, 10**7: 69, 10**8: 319}
"""By the day's reports, on two cores."""
SEAL_GB: Final = {10**5: 0.2, 10**6: 0.8, 10**7: 2.5, 10**8: 2.3}
"""The memory that took, at most."""
SEALED_ROW_BYTES: Final = 40.9

SEGMENT_BYTES: Final = 5_700
SEGMENT_ROW_BYTES: Final = 39
"""A live segment: 6,043 bytes with 8 rows, 33,096 with 700, 1,876,631 with 50,000."""

SUPERVISOR_MIB: Final = 60
"""The worker's own process, beside the JVM and the children."""
HEARTBEAT_BYTES: Final = 546
COMMITTED_BYTES: Final = 932
"""The two lines of the log that come again and again, as the worker writes them."""

RECORD_BYTES: Final = 300
"""Assumed: a report has some 215 bytes, its partition key 36; the rest is room for longer versions."""
REJECT_SHARE: Final = 0.05
"""Assumed."""
REQUEST_BYTES: Final = 700
RESPONSE_BYTES: Final = 600
"""Assumed: with headers."""
HANDSHAKE_BYTES: Final = 4_500
"""Assumed: what TLS adds on the way out, most of it certificates; each report has its own connection."""
PEAK: Final = 2.0
"""Assumed: the busiest hour's rate, by the day's mean. The nonce spreads the reports over the day."""
BUSY: Final = 0.5
"""How much of a task's processors its peak may take."""
SPARE: Final = 1.3
"""Memory that a task has, by what was measured."""
VCPU: Final = 0.5
"""Fargate's vCPU by a core: a hyperthread. Measured cores had one thread each to themselves."""
SCANS_A_DAY: Final = 4
SCANNED_DAYS: Final = 28
"""Assumed: what analysts ask of Athena, all columns of so many days each time."""
AUDITED_DAYS: Final = 7
"""The nightly audit's."""
KEPT_MONTHS: Final = 12
"""The bill is the twelfth month's: by then all days are kept, live and sealed, and one month's rejects."""
START_SECONDS: Final = 60
"""Assumed: what is paid of a daily task before it works, its image's download."""
