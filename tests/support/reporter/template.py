"""Somebody else's CDK app with reporters in it, and what it makes of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import App, Stack

from infra.reporter.construct import UsageReporter

Resource = dict[str, Any]


@dataclass(frozen=True)
class Template:
    resources: dict[str, Resource]

    def of_type(self, kind: str) -> dict[str, Resource]:
        return {name: one for name, one in self.resources.items() if one["Type"] == kind}

    def one(self, kind: str) -> Resource:
        (found,) = self.of_type(kind).values()
        return found

    def function(self, handler: str) -> Resource:
        functions = self.of_type("AWS::Lambda::Function").values()
        (found,) = (one for one in functions if one["Properties"]["Handler"] == handler)
        properties: Resource = found["Properties"]
        return properties

    def statements(self, handler: str) -> list[Resource]:
        """Return what the role of the function with this handler allows."""
        role, _ = self.function(handler)["Role"]["Fn::GetAtt"]
        properties = self.resources[role]["Properties"]
        assert "ManagedPolicyArns" not in properties
        assert not self.of_type("AWS::IAM::Policy")
        return [one for policy in properties["Policies"] for one in policy["PolicyDocument"]["Statement"]]


def foreign_app(folder: Path, *stacks: str, context: dict[str, object] | None = None) -> App:
    app = App(outdir=str(folder), context=context)
    for name in stacks or ("product",):
        add_reporter(Stack(app, name))
    return app


def add_reporter(stack: Stack, **changed: Any) -> UsageReporter:  # noqa: ANN401 - any property
    given: dict[str, Any] = {
        "endpoint": "https://metrics.example.org/v1/metrics",
        "version": "1.4.2",
        "namespace": "Product",
    }
    return UsageReporter(stack, "Usage", **(given | changed))


def synthesize(app: App, name: str = "product") -> Template:
    assembly = Path(app.synth().directory)
    document = json.loads((assembly / f"{name}.template.json").read_text(encoding="utf-8"))
    return Template(document.get("Resources", {}))
