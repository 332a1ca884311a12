"""Which versions are run: question.sql asks it, section.py draws the answer."""

ORDER = 40
