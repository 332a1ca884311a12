"""The one door to Kinesis: shards, records, pages, aggregates, spans of days."""
