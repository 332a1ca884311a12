-- How long does a version take until half of the deployments run it, or a newer one?
--
-- Versions that were first seen within the 90 newest days of the lake, and not on the first of them: of those that
-- were there already, nobody knows since when. Newer is by semantic version; of two pre-releases of one version, the
-- one that was seen later.
--
-- version: the reported version without build metadata: 1.9.1+b7 counts as 1.9.1
-- first_day: the first day (UTC) on which a deployment reported it
-- half_day: the first day since then on which half of the day's deployments reported it or a newer one; null: not yet
-- days_to_half: days from first_day to half_day; null: not yet
-- share: the share of the newest day's deployments that run it or a newer one, from 0 to 1
WITH span AS (
  SELECT
    greatest(CAST(max(dt) - INTERVAL '89' DAY AS date), min(dt)) AS first_shown,
    max(dt) AS newest
  FROM "reports$partitions"
),
counted AS (
  SELECT dt, split_part(version, '+', 1) AS version, count(*) AS deployments
  FROM reports
  JOIN span ON dt >= first_shown
  GROUP BY dt, split_part(version, '+', 1)
),
per_version AS (
  SELECT
    dt,
    version,
    deployments,
    sum(deployments) OVER (PARTITION BY dt) AS of_all,
    min(dt) OVER (PARTITION BY version) AS first_day,
    regexp_extract(version, '^[0-9]+\.[0-9]+\.[0-9]+') AS core,
    version NOT LIKE '%-%' AS released
  FROM counted
),
ordered AS (
  SELECT
    dt,
    version,
    deployments,
    of_all,
    first_day,
    dense_rank() OVER (
      ORDER BY
        TRY_CAST(split_part(core, '.', 1) AS bigint),
        TRY_CAST(split_part(core, '.', 2) AS bigint),
        TRY_CAST(split_part(core, '.', 3) AS bigint),
        released,
        first_day,
        version
    ) AS place
  FROM per_version
),
fresh AS (
  SELECT DISTINCT version, first_day, place
  FROM ordered
  JOIN span ON first_day > first_shown
),
-- For each version and day since its first: which share runs it or a newer one.
adopted AS (
  SELECT
    fresh.version,
    fresh.first_day,
    ordered.dt,
    CAST(sum(ordered.deployments) AS double) / max(ordered.of_all) AS share
  FROM fresh
  JOIN ordered ON ordered.place >= fresh.place AND ordered.dt >= fresh.first_day
  GROUP BY fresh.version, fresh.first_day, ordered.dt
),
halves AS (
  SELECT
    version,
    first_day,
    min(dt) FILTER (WHERE share >= 0.5) AS half_day,
    coalesce(max(share) FILTER (WHERE dt = newest), 0) AS share
  FROM adopted
  CROSS JOIN span
  GROUP BY version, first_day
)
SELECT version, first_day, half_day, date_diff('day', first_day, half_day) AS days_to_half, share
FROM halves
ORDER BY first_day, version
