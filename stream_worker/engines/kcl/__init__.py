"""The Kinesis Client Library: a Java daemon reads the shards, each with a child process of the worker."""
