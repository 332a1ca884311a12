"""The audit: what readers see of a day is what was committed, record for record."""
