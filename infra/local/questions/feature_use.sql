-- Which features are used: by what share of the deployments, and how much by those that use them?
SELECT
  feature,
  round(100.0 * count(*) FILTER (WHERE calls > 0) / count(*), 1) AS percent_using,
  CAST(median(calls) FILTER (WHERE calls > 0) AS BIGINT) AS median_calls,
  CAST(sum(calls) AS BIGINT) AS calls
FROM (
  SELECT 'tokenize' AS feature, tokenize_success + tokenize_failure AS calls FROM reports
  UNION ALL
  SELECT 'detokenize', detokenize_success + detokenize_failure FROM reports
  UNION ALL
  SELECT 'createGrant', create_grant_success + create_grant_failure FROM reports
) AS used
GROUP BY feature
ORDER BY calls DESC
