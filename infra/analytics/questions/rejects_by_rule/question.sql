-- What was rejected, for which reason and by which rule?
--
-- The 28 newest days of the lake; rejects are kept for 30. Until a day is sealed, what only the whole day shows is not
-- among them, and records of a lost race may count twice.
--
-- dt: the day (UTC)
-- reason: malformed, invalid, fraud or duplicate
-- rule: the JSON path (invalid) or the fraud rule (fraud); null for the others
-- records: how many
WITH span AS (
  SELECT CAST(max(dt) - INTERVAL '27' DAY AS date) AS first_shown FROM "reports$partitions"
)
SELECT dt, reason, rule, count(*) AS records
FROM rejects
JOIN span ON dt >= first_shown
GROUP BY dt, reason, rule
ORDER BY dt, reason, rule
