-- How many of the deployments that came in a week are still there in the weeks after it?
--
-- Whole weeks alone, from Monday to Sunday (UTC): the 26 newest that the lake has are read, and the deployments that
-- came in the newest 13 are shown. A deployment comes in the week of its first report in what is read; in a lake that
-- is younger than that, all those that were there from the beginning come in its first whole week.
--
-- cohort: the Monday of the week in which they came
-- week: weeks since then; 0 is the week itself
-- deployments: those that came in that week
-- retained: those of them that reported in the week that is `week` weeks later
-- share: retained / deployments, from 0 to 1
WITH span AS (
  SELECT
    CAST(date_trunc('week', min(dt) + INTERVAL '6' DAY) AS date) AS first_whole,
    CAST(date_trunc('week', max(dt) - INTERVAL '6' DAY) AS date) AS last_whole
  FROM "reports$partitions"
),
per_deployment AS (
  SELECT array_agg(DISTINCT CAST(date_trunc('week', dt) AS date)) AS weeks
  FROM reports
  JOIN span
    ON dt >= greatest(first_whole, CAST(last_whole - INTERVAL '175' DAY AS date))
    AND dt <= CAST(last_whole + INTERVAL '6' DAY AS date)
  GROUP BY CAST(stack_id AS uuid)
),
came AS (
  SELECT array_min(weeks) AS cohort, weeks FROM per_deployment
),
counted AS (
  SELECT
    cohort,
    CAST(later AS date) AS later,
    count(*) AS deployments,
    count_if(contains(weeks, CAST(later AS date))) AS retained
  FROM came
  JOIN span ON cohort >= CAST(last_whole - INTERVAL '84' DAY AS date)
  CROSS JOIN UNNEST(sequence(cohort, last_whole, INTERVAL '7' DAY)) AS calendar (later)
  GROUP BY cohort, CAST(later AS date)
)
SELECT
  cohort,
  date_diff('week', cohort, later) AS week,
  deployments,
  retained,
  CAST(retained AS double) / deployments AS share
FROM counted
ORDER BY cohort, week
