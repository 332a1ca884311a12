"""Stands in for the AWS CLI, which the project does not need: `python -m tests.support.e2e.aws_command …`.

It knows services, operations and options as botocore describes them, and refuses what they are not. Kinesis
is the emulator's. What no emulator has is answered from the file that AWS_ANSWERS names, except that a task
which is run runs: its command's lines and status are kept there for whoever asks next.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
import botocore.session
import jmespath  # type: ignore[import-untyped] # botocore brings it, and uses it for the same
from botocore import xform_name
from botocore.validate import validate_parameters

if TYPE_CHECKING:
    from botocore.model import OperationModel, Shape

TASK: Final = "arn:aws:ecs:us-east-1:123456789012:task/metrics/0123456789abcdef"
NETWORK: Final = "awsvpcConfiguration={subnets=[subnet-1],securityGroups=[sg-1],assignPublicIp=ENABLED}"

_EMULATED: Final = ("kinesis",)
_OF_THE_COMMAND: Final = ("query", "output")


def main() -> None:
    """Answer one command."""
    service, operation, *words = sys.argv[1:]
    if operation == "wait":
        operation, *words = words
        assert operation in waiters(service), operation
        return
    model = described(service, operation)
    options = parsed(words)
    asked = {name: options.pop(name) for name in _OF_THE_COMMAND if name in options}
    parameters = as_described(model, options)
    answer = ask(service, operation, parameters)
    found = jmespath.search(asked["query"][0], answer) if "query" in asked else answer
    if found != {}:
        sys.stdout.write(text(found) if asked.get("output") == ["text"] else json.dumps(found, default=str))
        sys.stdout.write("\n")


def waiters(service: str) -> set[str]:
    model = botocore.session.get_session().get_waiter_model(service)
    return {xform_name(name, "-") for name in model.waiter_names}


def described(service: str, operation: str) -> OperationModel:
    model = botocore.session.get_session().get_service_model(service)
    (name,) = (name for name in model.operation_names if xform_name(name, "-") == operation)
    return model.operation_model(name)


def parsed(words: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            option = word.removeprefix("--")
            found[option] = []
        else:
            found[option].append(word)
    return found


def as_described(model: OperationModel, options: dict[str, list[str]]) -> dict[str, Any]:
    """Return an operation's parameters; raise what botocore does for those that it does not have."""
    taken = model.input_shape
    assert taken is not None
    shapes = {xform_name(name, "-"): (name, shape) for name, shape in taken.members.items()}
    found = {shapes[option][0]: typed(shapes[option][1], words) for option, words in options.items()}
    validate_parameters(found, taken)
    return found


def typed(shape: Shape, words: list[str]) -> Any:  # noqa: ANN401 - as the shape says
    match shape.type_name:
        case "boolean":
            assert not words
            return True
        case "integer" | "long":
            return int(words[0])
        case "list":
            return words
        case "structure" if words[0] == NETWORK:  # in the command line's shorthand
            inside = {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"}
            return {"awsvpcConfiguration": inside}
        case "structure":
            return json.loads(words[0])
    (word,) = words
    return word


def ask(service: str, operation: str, parameters: dict[str, Any]) -> Any:  # noqa: ANN401 - any answer
    if service in _EMULATED:
        # Under a name of its own: an operator may do what no task's role allows.
        own = boto3.Session(aws_access_key_id="operator", aws_secret_access_key="operator")  # noqa: S106 - not checked
        client = own.client(service)  # type: ignore[call-overload] # a name for each overload
        answer = getattr(client, operation.replace("-", "_"))(**parameters)
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    answers = Path(os.environ["AWS_ANSWERS"])
    known = json.loads(answers.read_text(encoding="utf-8"))
    if operation == "run-task":
        answers.write_text(json.dumps(known | ran(parameters)), encoding="utf-8")
        return {"tasks": [{"taskArn": TASK}]}
    return known[f"{service} {operation}"]


def ran(parameters: dict[str, Any]) -> dict[str, Any]:
    """Run a task's command as its container would; return what is answered from then on."""
    (container,) = parameters["overrides"]["containerOverrides"]
    done = subprocess.run(
        ["stream-worker", *container["command"]],  # noqa: S607 - the entry point, as PATH has it
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    events = [{"message": line} for line in done.stdout.splitlines()]
    return {
        "logs filter-log-events": {"events": events},
        "ecs describe-tasks": {"tasks": [{"containers": [{"exitCode": done.returncode}]}]},
    }


def text(found: Any) -> str:  # noqa: ANN401 - any answer
    """Return what `--output text` prints: a line a row, with tabs between its values."""
    if isinstance(found, list):
        rows = found if all(isinstance(one, list) for one in found) else [found]
        return "\n".join("\t".join(map(str, row)) for row in rows)
    return str(found)


if __name__ == "__main__":
    main()
