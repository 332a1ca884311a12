-- Which features are used, by how many deployments, and how much?
--
-- The 28 newest days of the lake. A deployment uses a feature on a day if it reported a call of it, successful or not.
-- Median and percentile are exact, by nearest rank: the least number of calls that is not exceeded by 50 % (90 %) of
-- the deployments that used the feature on that day. The calls reported on a day are those of the day before.
--
-- dt: the day (UTC)
-- feature: tokenize, detokenize or createGrant
-- deployments: those that used it
-- share: their share of the day's deployments, from 0 to 1
-- median_calls: median of the calls of those that used it; null if nobody did
-- p90_calls: 90th percentile of the calls of those that used it; null if nobody did
WITH span AS (
  SELECT CAST(max(dt) - INTERVAL '27' DAY AS date) AS first_shown FROM "reports$partitions"
),
-- How many deployments made so many calls: few rows, whatever the size of the fleet.
counted AS (
  SELECT dt, 'tokenize' AS feature, tokenize_success + tokenize_failure AS calls, count(*) AS deployments
  FROM reports
  JOIN span ON dt >= first_shown
  GROUP BY dt, tokenize_success + tokenize_failure
  UNION ALL
  SELECT dt, 'detokenize', detokenize_success + detokenize_failure, count(*)
  FROM reports
  JOIN span ON dt >= first_shown
  GROUP BY dt, detokenize_success + detokenize_failure
  UNION ALL
  SELECT dt, 'createGrant', create_grant_success + create_grant_failure, count(*)
  FROM reports
  JOIN span ON dt >= first_shown
  GROUP BY dt, create_grant_success + create_grant_failure
),
ranked AS (
  SELECT
    dt,
    feature,
    calls,
    deployments,
    sum(CASE WHEN calls > 0 THEN deployments ELSE 0 END)
      OVER (PARTITION BY dt, feature ORDER BY calls) AS users_up_to,
    sum(CASE WHEN calls > 0 THEN deployments ELSE 0 END) OVER (PARTITION BY dt, feature) AS users
  FROM counted
)
SELECT
  dt,
  feature,
  CAST(max(users) AS bigint) AS deployments,
  CAST(max(users) AS double) / sum(deployments) AS share,
  min(calls) FILTER (WHERE calls > 0 AND 2 * users_up_to >= users) AS median_calls,
  min(calls) FILTER (WHERE calls > 0 AND 10 * users_up_to >= 9 * users) AS p90_calls
FROM ranked
GROUP BY dt, feature
ORDER BY dt, feature
