"""The audit: proves that readers of a day see what was committed, record for record."""
