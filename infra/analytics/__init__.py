"""Answers for analysts: the questions in SQL, the report page, and what the public may see."""
