-- How many deployments are new, come back, or are lost, each day?
--
-- The 90 newest days of the lake, a row for each calendar day; the 90 days before them are read too. The three
-- explain the weekly count of `active_deployments`: what it has gained since the day before is new + returning - lost.
-- On the first day of a lake, every deployment is new.
--
-- dt: the day (UTC)
-- new: reported on that day, and not in the 90 days before it
-- returning: reported on that day and in the 90 days before it, but not in the last 7 of them
-- lost: reported 7 days before, and not since
WITH span AS (
  SELECT
    CAST(max(dt) - INTERVAL '179' DAY AS date) AS first_read,
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
per_day AS (
  SELECT
    dt,
    count_if(previous IS NULL OR date_diff('day', previous, dt) > 90) AS came,
    count_if(date_diff('day', previous, dt) BETWEEN 8 AND 90) AS came_back,
    count_if(next IS NULL OR date_diff('day', dt, next) > 7) AS last_for_a_week
  FROM seen
  GROUP BY dt
),
-- `per_day` is named once, as Athena reads the lake again for each time.
changes AS (
  SELECT
    CAST(date_add('day', shift, dt) AS date) AS dt,
    CASE WHEN shift = 0 THEN came ELSE 0 END AS came,
    CASE WHEN shift = 0 THEN came_back ELSE 0 END AS came_back,
    CASE WHEN shift = 7 THEN last_for_a_week ELSE 0 END AS went
  FROM per_day
  CROSS JOIN (VALUES 0, 7) AS shifts (shift)
  UNION ALL
  SELECT CAST(day AS date), 0, 0, 0
  FROM span
  CROSS JOIN UNNEST(sequence(first_shown, newest, INTERVAL '1' DAY)) AS calendar (day)
)
SELECT
  dt,
  CAST(sum(came) AS bigint) AS new,
  CAST(sum(came_back) AS bigint) AS returning,
  CAST(sum(went) AS bigint) AS lost
FROM changes
JOIN span ON dt BETWEEN first_shown AND newest
GROUP BY dt
ORDER BY dt
