-- Which versions do the deployments run, day by day?
--
-- The 90 newest days of the lake. It counts accepted reports: on a day that is not sealed yet, a deployment that
-- reported through two shards counts twice.
--
-- dt: the day (UTC)
-- version: the reported version without build metadata: 1.9.1+b7 counts as 1.9.1
-- deployments: those that reported it on that day
-- share: their share of the day's deployments, from 0 to 1
WITH span AS (
  SELECT CAST(max(dt) - INTERVAL '89' DAY AS date) AS first_shown FROM "reports$partitions"
),
per_version AS (
  SELECT dt, split_part(version, '+', 1) AS version, count(*) AS deployments
  FROM reports
  JOIN span ON dt >= first_shown
  GROUP BY dt, split_part(version, '+', 1)
)
SELECT
  dt,
  version,
  deployments,
  CAST(deployments AS double) / sum(deployments) OVER (PARTITION BY dt) AS share
FROM per_version
ORDER BY dt, deployments DESC, version
