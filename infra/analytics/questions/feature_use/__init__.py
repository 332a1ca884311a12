"""Which features are used, and how much: question.sql asks it, section.py draws the answer."""

ORDER = 60
