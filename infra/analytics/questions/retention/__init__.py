"""How many deployments stay: question.sql asks it, section.py draws the answer."""

ORDER = 30
