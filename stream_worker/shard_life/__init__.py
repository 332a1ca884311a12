"""A shard from its first record to its last: buffered, settled, committed, checkpointed, watched."""
