"""Made-up fleets, attacks and stories, all from seeds: for tests, benchmarks and the demonstration only."""
