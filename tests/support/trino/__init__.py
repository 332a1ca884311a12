"""A Trino, which Athena is made of: the questions' SQL is run by what it was written for, as it stands."""
