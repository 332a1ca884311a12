-- How many deployments reported, by version?
SELECT version, count(*) AS deployments, round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS percent
FROM reports
GROUP BY version
ORDER BY deployments DESC, version
