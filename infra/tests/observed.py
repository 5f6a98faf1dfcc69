"""Holds what the functions asked of AWS while the tests ran against what their roles grant: nothing else may be asked, for moto lets
everything pass, and nothing may be granted that nobody asks for.

Usage: observed.py DIRECTORY, where the run has recorded its calls (tests/local-aws/src/calls.rs).
"""

import json
import sys
from fnmatch import fnmatchcase
from pathlib import Path

from permissions import FUNCTIONS, OTHERWISE, PARTS, TAKEN, granted
from templates import core, org, several, statements

# What no function asks for itself: services ask the key in its name, Lambda writes its log and takes its messages.
BY_OTHERS = {"kms:Decrypt", "kms:GenerateDataKey", "logs:CreateLogStream", "logs:PutLogEvents"} | TAKEN
METHODS = {"PUT": "PutObject", "GET": "GetObject", "HEAD": "GetObject", "DELETE": "DeleteObject"}


def grants():
    """What each function may do: its name, the action, the resource."""
    found = {(function, action, resource) for function, role in FUNCTIONS.items() for resource, actions in granted(role)[0].items() for action in actions}
    functions = {f"{role}Role.Arn": function for function, role in FUNCTIONS.items()}
    for policy in org().of_type("AWS::SecretsManager::ResourcePolicy").values():
        allows = [statement for statement in statements(policy["ResourcePolicy"]) if statement["Effect"] == "Allow"]
        found |= {(functions[of["Principal"]["AWS"]], action, of["Resource"]) for of in allows for action in several(of["Action"])}
    return found


def resource(service, about):
    """What a call is about, as the templates call it; what they do not know remains what it is."""
    match service:
        case "dynamodb":
            known = {of["TableName"]: f"{id}.Arn" for id, of in core().of_type("AWS::DynamoDB::Table").items()}
        case "sqs":
            known, about = {of["QueueName"]: f"{id}.Arn" for id, of in core().of_type("AWS::SQS::Queue").items()}, about.split("/")[-1]
        case "events":
            known, about = {of["Name"]: f"{id}.Arn" for id, of in core().of_type("AWS::Events::EventBus").items()}, about.split("/")[-1]
        case "sns":
            known, about = {of["TopicName"]: id for id, of in core().of_type("AWS::SNS::Topic").items()}, about.split(":")[-1]
        case "secretsmanager":
            # Its second part is the org.
            known = {about: id for id, of in org().of_type("AWS::SecretsManager::Secret").items() if of["Name"].split("/")[::2] == about.split("/")[::2]}
        case "s3":
            # A bucket has no name in the template, and there is one.
            (bucket,) = core().of_type("AWS::S3::Bucket")
            return f"{bucket}.Arn/{about.removeprefix('/').partition('/')[2]}"
        case _:
            known = {}
    return known.get(about, about)


def action(call):
    """The IAM action that a call takes."""
    if call["part"]:
        return PARTS.get(call["part"], f"dynamodb:{call['part']}")
    operation = METHODS.get(call["operation"], call["operation"])
    return OTHERWISE.get(f"{call['service']}:{operation}", f"{call['service']}:{operation}")


def asked(lines):
    """What the functions asked for, of the lines of a record. Who else asks is the tests themselves."""
    calls = [json.loads(line) for line in lines]
    return {(call["by"], action(call), resource(call["service"], call["about"] or "?")) for call in calls if call["by"] in FUNCTIONS}


def complaints(lines):
    """What is wrong, in sentences."""
    calls, allowed = asked(lines), grants()

    def lets(grant, call):
        return grant[:2] == call[:2] and fnmatchcase(call[2], grant[2])

    wrong = [f"{function} asked for {what} on {where}, which nothing grants it" for function, what, where in sorted(calls) if not any(lets(grant, (function, what, where)) for grant in allowed)]
    unused = {grant for grant in allowed if grant[1] not in BY_OTHERS and not any(lets(grant, call) for call in calls)}
    return wrong + [f"{function} is granted {what} on {where}, and has not asked for it" for function, what, where in sorted(unused)]


if __name__ == "__main__":
    recorded = [line for path in sorted(Path(sys.argv[1]).glob("*.calls")) for line in path.read_text().splitlines()]
    if wrong := complaints(recorded):
        sys.exit("\n".join(wrong))
    print(f"{len(asked(recorded))} calls of the functions, each granted; nothing is granted besides")
