"""How many deployments are active: question.sql asks it, section.py draws the answer."""

ORDER = 10
