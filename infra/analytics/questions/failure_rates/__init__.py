"""What share of the calls fails: question.sql asks it, section.py draws the answer."""

ORDER = 70
