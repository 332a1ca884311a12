-- How fresh are the data, and which days are not sealed or missing?
--
-- The 90 newest days of the lake, a row for each calendar day since the first of them. A day that is over wants to be
-- sealed: until then it may still grow, and records of a lost race may count twice among the rejected ones.
--
-- dt: the day (UTC)
-- state: sealed; live (not sealed yet); empty (the catalog has the day, but nothing is there); missing (it has not)
-- accepted: rows of `reports`
-- rejected: rows of `rejects`
-- last_arrival: when the day's last record arrived (UTC); null if there is none
WITH span AS (
  SELECT
    greatest(CAST(max(dt) - INTERVAL '89' DAY AS date), min(dt)) AS first_shown,
    max(dt) AS newest
  FROM "reports$partitions"
),
-- Joined inside each branch: outside of them Athena may begin to read before it knows which days are wanted.
records AS (
  SELECT dt, "$path" AS path, 1 AS accepted, 0 AS rejected, arrived_at
  FROM reports
  JOIN span ON dt >= first_shown
  UNION ALL
  SELECT dt, "$path", 0, 1, arrived_at
  FROM rejects
  JOIN span ON dt >= first_shown
),
per_day AS (
  SELECT
    dt,
    bool_and(path LIKE '%/sealed/%') AS sealed,
    sum(accepted) AS accepted,
    sum(rejected) AS rejected,
    max(arrived_at) AS last_arrival
  FROM records
  GROUP BY dt
),
calendar AS (
  SELECT CAST(day AS date) AS dt
  FROM span
  CROSS JOIN UNNEST(sequence(first_shown, newest, INTERVAL '1' DAY)) AS days (day)
)
SELECT
  calendar.dt,
  CASE
    WHEN sealed THEN 'sealed'
    WHEN NOT sealed THEN 'live'
    WHEN known.dt IS NOT NULL THEN 'empty'
    ELSE 'missing'
  END AS state,
  CAST(coalesce(accepted, 0) AS bigint) AS accepted,
  CAST(coalesce(rejected, 0) AS bigint) AS rejected,
  last_arrival
FROM calendar
LEFT JOIN "reports$partitions" AS known ON known.dt = calendar.dt
LEFT JOIN per_day ON per_day.dt = calendar.dt
ORDER BY calendar.dt
