"""What the code asks of AWS, read from its source, and what that takes."""

import json
import re
from functools import cache
from pathlib import Path

import botocore
import policy_sentry
from botocore.loaders import Loader

from templates import ROOT, core, several, statements

FUNCTIONS = {"scan-login-history": "Scan", "evaluate-activity": "Evaluate", "revoke-sessions": "Revoke"}
SERVICES = {"dynamodb": "dynamodb", "eventbridge": "events", "s3": "s3", "secretsmanager": "secretsmanager", "sns": "sns", "sqs": "sqs"}
# Where IAM does not call it as the API does. A transaction needs what its parts need, and those are calls by themselves too.
# Source: Service Authorization Reference; DynamoDB Developer Guide, "Using IAM with DynamoDB transactions".
PARTS = {"Put": "dynamodb:PutItem", "Update": "dynamodb:UpdateItem", "Delete": "dynamodb:DeleteItem", "ConditionCheck": "dynamodb:ConditionCheckItem"}
OTHERWISE = {"dynamodb:TransactWriteItems": None, "sqs:SendMessageBatch": "sqs:SendMessage", "sns:PublishBatch": "sns:Publish"}
# What a service asks of the key in the caller's name. Source: each service's developer guide, "key management".
KEY = {
    "dynamodb": {"kms:Decrypt"},
    "secretsmanager": {"kms:Decrypt"},
    "receive": {"kms:Decrypt"},
    "sqs": {"kms:Decrypt", "kms:GenerateDataKey"},
    "sns": {"kms:Decrypt", "kms:GenerateDataKey"},
    "s3": set(),
    "events": set(),
}


# What Lambda takes messages with, in the name of the function.
TAKEN = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}


def granted(role):
    """The actions of a role on each resource, and its conditions."""
    grants, conditions = {}, {}
    for policy in core().resources[f"{role}Role"]["Policies"]:
        for statement in statements(policy["PolicyDocument"]):
            for resource in several(statement["Resource"]):
                grants.setdefault(resource, set()).update(several(statement["Action"]))
                conditions[resource] = statement.get("Condition")
    return grants, conditions


@cache
def operations(service):
    """The API's operations by the names of the SDK's methods."""
    return {botocore.xform_name(name): name for name in Loader().load_service_model(service, "service-2")["operations"]}


@cache
def calls():
    """The IAM actions that each service is asked for, by the prefix of the service."""
    found = {}
    for path in sorted((ROOT / "shared/src").rglob("*.rs")):
        text = path.read_text().split("#[cfg(test)]")[0]
        near = text + "".join(of.read_text() for of in path.parent.glob("mod.rs") if path.parent.name in SERVICES)
        for crate in set(re.findall(r"aws_sdk_(\w+)::", near)):
            service = SERVICES[crate]
            used = {operations(service)[call] for call in re.findall(r"\.\s*(\w+)\(\)", text) if call in operations(service)}
            actions = {OTHERWISE.get(action, action) for action in (f"{service}:{name}" for name in used)}
            if crate == "dynamodb":
                actions |= {PARTS[part] for part in re.findall(r"\b(Put|Update|Delete|ConditionCheck)::builder", text)}
            found.setdefault(service, set()).update(actions - {None})
    return found


@cache
def iam():
    return json.loads((Path(policy_sentry.__file__).parent / "shared/data/iam-definition.json").read_text())


def resource_kinds(action):
    """What the action can be limited to: a set of kinds of resources. A KeyError for an action that does not exist."""
    service, name = action.split(":")
    return {kind for kind in iam()[service]["privileges"][name]["resource_types"] if kind}


def writer_of(table):
    """Which function writes a table, as the port says: the function's directory, or None for people."""
    text = (ROOT / "shared/src/store/mod.rs").read_text()
    (writer,) = re.findall(rf"/// Written by ([\w-]+)[^\n]*\n(?:    ///[^\n]*\n)*    {table},", text)
    return None if writer == "people" else writer


def source_of(function):
    return "".join(path.read_text() for path in (ROOT / "functions" / function / "src").glob("*.rs"))
