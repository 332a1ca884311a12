"""The Kinesis Client Library: a Java daemon that reads the shards, and a child process of ours for each."""
