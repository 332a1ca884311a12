-- How many deployments are counted in the public aggregates, before small groups are hidden?
--
-- The 26 newest whole weeks of the lake, from Monday to Sunday (UTC). A week is counted only if each of its days is
-- sealed, so that its counts are the same on every later day. A deployment counts once a week, under the version that
-- it reported last. These are the true counts: what may be published is made of them by `python -m infra.analytics
-- public`.
--
-- week: the week's Monday
-- lacking: its days that are missing, empty or not sealed; null if there is none
-- kind: deployments (all), version, used (a feature, at least once), failed (a call of a feature); null if not counted
-- name: the version without build metadata, or the feature (tokenize, detokenize, createGrant); null for all deployments
-- deployments: how many; null if the week is not counted
WITH whole AS (
  SELECT
    CAST(date_trunc('week', min(dt) + INTERVAL '6' DAY) AS date) AS oldest,
    CAST(date_trunc('week', max(dt) - INTERVAL '6' DAY) AS date) AS newest
  FROM "reports$partitions"
),
span AS (
  SELECT
    greatest(oldest, CAST(newest - INTERVAL '175' DAY AS date)) AS first_read,
    CAST(newest + INTERVAL '6' DAY AS date) AS last_read
  FROM whole
),
states AS (
  SELECT dt, bool_and("$path" LIKE '%/sealed/%') AS sealed
  FROM reports
  JOIN span ON dt >= first_read AND dt <= last_read
  GROUP BY dt
),
weeks AS (
  SELECT
    CAST(date_trunc('week', day) AS date) AS week,
    array_join(
      array_agg(CAST(CAST(day AS date) AS varchar) ORDER BY day) FILTER (WHERE NOT coalesce(sealed, false)), ' '
    ) AS lacking
  FROM span
  CROSS JOIN UNNEST(sequence(first_read, last_read, INTERVAL '1' DAY)) AS calendar (day)
  LEFT JOIN states ON states.dt = CAST(day AS date)
  GROUP BY CAST(date_trunc('week', day) AS date)
),
per_deployment AS (
  SELECT
    CAST(date_trunc('week', dt) AS date) AS week,
    split_part(max_by(version, dt), '+', 1) AS version,
    bool_or(tokenize_success + tokenize_failure > 0) AS used_tokenize,
    bool_or(tokenize_failure > 0) AS failed_tokenize,
    bool_or(detokenize_success + detokenize_failure > 0) AS used_detokenize,
    bool_or(detokenize_failure > 0) AS failed_detokenize,
    bool_or(create_grant_success + create_grant_failure > 0) AS used_create_grant,
    bool_or(create_grant_failure > 0) AS failed_create_grant
  FROM reports
  JOIN span ON dt >= first_read AND dt <= last_read
  GROUP BY CAST(stack_id AS uuid), CAST(date_trunc('week', dt) AS date)
),
-- A few rows for each week and version, as Athena reads the lake again for each time that a subquery is named.
alike AS (
  SELECT
    week,
    version,
    count(*) AS deployments,
    count_if(used_tokenize) AS used_tokenize,
    count_if(failed_tokenize) AS failed_tokenize,
    count_if(used_detokenize) AS used_detokenize,
    count_if(failed_detokenize) AS failed_detokenize,
    count_if(used_create_grant) AS used_create_grant,
    count_if(failed_create_grant) AS failed_create_grant
  FROM per_deployment
  GROUP BY week, version
),
counted AS (
  SELECT
    week,
    kind,
    CASE WHEN kind = 'version' THEN version ELSE feature END AS name,
    CAST(
      sum(
        CASE kind || coalesce(feature, '')
          WHEN 'usedtokenize' THEN used_tokenize
          WHEN 'failedtokenize' THEN failed_tokenize
          WHEN 'useddetokenize' THEN used_detokenize
          WHEN 'faileddetokenize' THEN failed_detokenize
          WHEN 'usedcreateGrant' THEN used_create_grant
          WHEN 'failedcreateGrant' THEN failed_create_grant
          ELSE deployments
        END
      ) AS bigint
    ) AS deployments
  FROM alike
  CROSS JOIN (
    VALUES
      ('deployments', NULL),
      ('version', NULL),
      ('used', 'tokenize'),
      ('used', 'detokenize'),
      ('used', 'createGrant'),
      ('failed', 'tokenize'),
      ('failed', 'detokenize'),
      ('failed', 'createGrant')
  ) AS kinds (kind, feature)
  GROUP BY week, kind, CASE WHEN kind = 'version' THEN version ELSE feature END
)
SELECT weeks.week, lacking, kind, name, deployments
FROM weeks
LEFT JOIN counted ON counted.week = weeks.week AND lacking IS NULL
ORDER BY weeks.week, kind, name
