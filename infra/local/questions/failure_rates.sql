-- What share of the calls failed, by version?
SELECT version, CAST(sum(failures) AS BIGINT) AS failures, CAST(sum(calls) AS BIGINT) AS calls,
  round(100.0 * sum(failures) / nullif(sum(calls), 0), 2) AS percent_failed
FROM (
  SELECT
    version,
    tokenize_failure + detokenize_failure + create_grant_failure AS failures,
    tokenize_success + tokenize_failure + detokenize_success + detokenize_failure
      + create_grant_success + create_grant_failure AS calls
  FROM reports
) AS counted
GROUP BY version
ORDER BY percent_failed DESC, version
