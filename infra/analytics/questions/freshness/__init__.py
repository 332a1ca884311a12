"""How fresh the data are: question.sql asks it, section.py draws the answer."""

ORDER = 90
