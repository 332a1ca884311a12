"""The bucket: its keys, segments, chains, runs, and the doors through which rows are written and read."""
