"""The report page: charts, sentences and numbers of all questions, in one HTML file."""

from infra.analytics.report.page import render

__all__ = ["render"]
