-- What share of the calls fails, by version and feature, and how sure is that?
--
-- The 28 newest days of the lake together; only where at least 20 deployments called the feature with the version, as
-- fewer mean little. The interval takes the deployments as the sample, not their calls: one that makes a million calls
-- fails a million times in the same way. It is that of a ratio estimator, at 95 %.
--
-- version: the reported version without build metadata: 1.9.1+b7 counts as 1.9.1
-- feature: tokenize, detokenize or createGrant
-- deployments: those that called it at least once
-- calls: their calls
-- failures: those of the calls that failed
-- failure_rate: failures / calls, from 0 to 1
-- low: lower end of the interval
-- high: upper end of the interval
WITH span AS (
  SELECT CAST(max(dt) - INTERVAL '27' DAY AS date) AS first_shown FROM "reports$partitions"
),
-- 28 counters of less than 2^53 fit into a bigint; the sums over all deployments do not.
per_deployment AS (
  SELECT
    split_part(version, '+', 1) AS version,
    CAST(sum(tokenize_success + tokenize_failure) AS bigint) AS tokenize_calls,
    CAST(sum(tokenize_failure) AS bigint) AS tokenize_failures,
    CAST(sum(detokenize_success + detokenize_failure) AS bigint) AS detokenize_calls,
    CAST(sum(detokenize_failure) AS bigint) AS detokenize_failures,
    CAST(sum(create_grant_success + create_grant_failure) AS bigint) AS create_grant_calls,
    CAST(sum(create_grant_failure) AS bigint) AS create_grant_failures
  FROM reports
  JOIN span ON dt >= first_shown
  GROUP BY split_part(version, '+', 1), CAST(stack_id AS uuid)
),
per_feature AS (
  SELECT
    version,
    feature,
    CASE feature
      WHEN 'tokenize' THEN tokenize_calls
      WHEN 'detokenize' THEN detokenize_calls
      ELSE create_grant_calls
    END AS calls,
    CASE feature
      WHEN 'tokenize' THEN tokenize_failures
      WHEN 'detokenize' THEN detokenize_failures
      ELSE create_grant_failures
    END AS failures
  FROM per_deployment
  CROSS JOIN (VALUES 'tokenize', 'detokenize', 'createGrant') AS features (feature)
),
summed AS (
  SELECT
    version,
    feature,
    count(*) AS deployments,
    sum(CAST(calls AS decimal(38, 0))) AS calls,
    sum(CAST(failures AS decimal(38, 0))) AS failures,
    sum(CAST(failures AS double) * failures) AS failures_squared,
    sum(CAST(failures AS double) * calls) AS failures_by_calls,
    sum(CAST(calls AS double) * calls) AS calls_squared
  FROM per_feature
  WHERE calls > 0
  GROUP BY version, feature
  HAVING count(*) >= 20
),
rated AS (
  SELECT *, CAST(failures AS double) / CAST(calls AS double) AS failure_rate
  FROM summed
),
spread AS (
  SELECT
    *,
    1.96 / CAST(calls AS double) * sqrt(
      CAST(deployments AS double) / (deployments - 1) * greatest(
        0e0,
        failures_squared - 2 * failure_rate * failures_by_calls + failure_rate * failure_rate * calls_squared
      )
    ) AS margin
  FROM rated
)
SELECT
  version,
  feature,
  deployments,
  calls,
  failures,
  failure_rate,
  greatest(0e0, failure_rate - margin) AS low,
  least(1e0, failure_rate + margin) AS high
FROM spread
ORDER BY feature, version
