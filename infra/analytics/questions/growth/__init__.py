"""How many deployments come and go: question.sql asks it, section.py draws the answer."""

ORDER = 20
