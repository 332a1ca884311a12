"""The emulated Kinesis: moto's, with streams and shards that keep Kinesis's word."""
