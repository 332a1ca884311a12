"""The questions as named queries in Athena: what an analyst finds there, ready to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_athena as athena

from infra.analytics.public.publication import WEEKS
from infra.analytics.questions import QUESTIONS

if TYPE_CHECKING:
    from constructs import Construct


def named_queries(
    scope: Construct, *, workgroup: athena.CfnWorkGroup, database: str
) -> list[athena.CfnNamedQuery]:
    """Make a named query of each question, as its file has it."""
    made = []
    for question in (*QUESTIONS.values(), WEEKS):
        words = question.name.title().replace("_", "")
        query = athena.CfnNamedQuery(
            scope,
            f"Query{words}",
            name=question.name,
            description=question.title,
            database=database,
            query_string=question.sql,
            work_group=workgroup.name,
        )
        query.add_dependency(
            workgroup
        )  # it names the workgroup by a word, which CloudFormation does not follow
        made.append(query)
    return made
