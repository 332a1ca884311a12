"""What was rejected: question.sql asks it, section.py draws the answer."""

ORDER = 80
