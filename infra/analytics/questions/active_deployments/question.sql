-- How many deployments are active: on a day, in 7 days and in 28 days?
--
-- The 90 newest days of the lake, a row for each calendar day; the 27 days before them are read too. A deployment is
-- active in the k days that end with a day if it has an accepted report on at least one of them.
--
-- dt: the day (UTC)
-- sealed: whether the day is sealed; until then it may still grow; null where nothing was kept of the day
-- deployments: those that reported on that day; null where nothing was kept of the day
-- active_7_days: those that reported on that day or on one of the 6 before it
-- active_28_days: those that reported on that day or on one of the 27 before it
WITH span AS (
  SELECT
    CAST(max(dt) - INTERVAL '116' DAY AS date) AS first_read,
    greatest(CAST(max(dt) - INTERVAL '89' DAY AS date), min(dt)) AS first_shown,
    max(dt) AS newest
  FROM "reports$partitions"
),
-- The days of each deployment, in order: an array each sorts faster than all rows by deployment and day.
per_deployment AS (
  SELECT array_sort(array_agg(dt)) AS days
  FROM reports
  JOIN span ON dt >= first_read
  GROUP BY CAST(stack_id AS uuid)
),
seen AS (
  SELECT
    days[place] AS dt,
    CASE WHEN place > 1 THEN days[place - 1] END AS previous,
    CASE WHEN place < cardinality(days) THEN days[place + 1] END AS next
  FROM per_deployment
  CROSS JOIN UNNEST(sequence(1, cardinality(days))) AS places (place)
),
-- A deployment that is silent for k days leaves the k days' count on the k-th day after its report.
per_day AS (
  SELECT
    dt,
    count_if(previous IS NULL OR previous < dt) AS deployments,
    count_if(previous IS NULL OR date_diff('day', previous, dt) > 7) AS came_7,
    count_if(next IS NULL OR date_diff('day', dt, next) > 7) AS went_7,
    count_if(previous IS NULL OR date_diff('day', previous, dt) > 28) AS came_28,
    count_if(next IS NULL OR date_diff('day', dt, next) > 28) AS went_28
  FROM seen
  GROUP BY dt
),
-- `per_day` is named once, as Athena reads the lake again for each time.
changes AS (
  SELECT
    CAST(date_add('day', shift, dt) AS date) AS dt,
    CASE WHEN shift = 0 THEN deployments END AS deployments,
    CASE shift WHEN 0 THEN came_7 WHEN 7 THEN -went_7 ELSE 0 END AS change_7,
    CASE shift WHEN 0 THEN came_28 WHEN 28 THEN -went_28 ELSE 0 END AS change_28
  FROM per_day
  CROSS JOIN (VALUES 0, 7, 28) AS shifts (shift)
  UNION ALL
  SELECT CAST(day AS date), NULL, 0, 0
  FROM span
  CROSS JOIN UNNEST(sequence(first_shown, newest, INTERVAL '1' DAY)) AS calendar (day)
),
active AS (
  SELECT
    dt,
    max(deployments) AS deployments,
    CAST(sum(sum(change_7)) OVER (ORDER BY dt) AS bigint) AS active_7_days,
    CAST(sum(sum(change_28)) OVER (ORDER BY dt) AS bigint) AS active_28_days
  FROM changes
  GROUP BY dt
),
states AS (
  SELECT dt, bool_and("$path" LIKE '%/sealed/%') AS sealed
  FROM reports
  JOIN span ON dt >= first_shown
  GROUP BY dt
)
SELECT active.dt, sealed, deployments, active_7_days, active_28_days
FROM active
JOIN span ON active.dt BETWEEN first_shown AND newest
LEFT JOIN states ON states.dt = active.dt
ORDER BY active.dt
