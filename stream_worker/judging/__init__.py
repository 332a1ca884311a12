"""What becomes of a record: rules for one report, rules for a day, their thresholds, the judgement. Pure."""
