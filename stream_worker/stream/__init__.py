"""The one way to Kinesis: shards, records, pages, aggregates, spans of days."""
