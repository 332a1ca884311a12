"""How fast a version spreads: question.sql asks it, section.py draws the answer."""

ORDER = 50
