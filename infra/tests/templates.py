"""The templates as CloudFormation sees them: SAM translated, conditions decided, references resolved.

A reference to a resource is `Id` or `Id.Attribute`: enough to tell what a policy is about, and never an ARN of nowhere.
"""

import json
import os
import re
from functools import cache
from pathlib import Path

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from cfnlint.decode import cfn_yaml
from samtranslator.translator.transform import transform

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
ACCOUNT, ORG = "123456789012", "00D000000000001EAA"
RELAY = f"aws.partner/salesforce.com/{ORG}/0YL000000000001EAA"
PSEUDO = {"AWS::Region": "us-east-1", "AWS::AccountId": ACCOUNT, "AWS::Partition": "aws", "AWS::NoValue": None}
ROLES = [f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("Ada", "Grace")]
# Every option is on, so that nothing escapes the tests.
CORE = {"AlarmEmail": "a@example.com", "CommandSenders": ROLES, "RunbookApprovers": ",".join(ROLES), "SiemBusArn": f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/siem"}
EACH_ORG = {"OrgId": ORG, "PartnerEventSource": RELAY, "SecretReaders": ROLES}
NESTED = {"Prefix": "session-warden", "TopicArn": "NotificationsTopic", "KeyArn": "Key.Arn", "ScheduleRoleArn": "ScheduleRole.Arn"}
NESTED |= {"Approvers": ROLES, "RevokeMapping": "RevokeFunctionRequests", "AlarmEmail": "a@example.com"}


class NoManagedPolicies:
    def load(self):
        return {}


class Stack:
    """One template with its parameters; `resources` are resolved."""

    def __init__(self, path, parameters, imports=None):
        self.source = json.loads(json.dumps(cfn_yaml.load(str(INFRA / path))))
        translated = translate(self.source) if "Transform" in self.source else self.source
        defaults = {name: of.get("Default") for name, of in translated.get("Parameters", {}).items()}
        self.parameters = {**PSEUDO, **defaults, **{k: v for k, v in parameters.items() if k in defaults}}
        self.imports = imports or {}
        self.conditions = translated.get("Conditions", {})
        self.types = {name: of["Type"] for name, of in translated["Resources"].items()}
        self.metadata = {name: of.get("Metadata", {}) for name, of in translated["Resources"].items()}
        self.resources = {name: self.resolve(of.get("Properties", {})) for name, of in translated["Resources"].items()}
        outputs = translated.get("Outputs", {}).values()
        self.exports = {self.resolve(o["Export"]["Name"]): self.resolve(o["Value"]) for o in outputs if "Export" in o}

    def of_type(self, kind):
        return {name: self.resources[name] for name, its in self.types.items() if its == kind}

    def resolve(self, value):
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not None]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name, of), = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self.intrinsic(name, of)
        return {key: resolved for key, item in value.items() if (resolved := self.resolve(item)) is not None}

    def intrinsic(self, name, of):
        match name:
            case "Ref":
                return self.parameters.get(of, of) if of != "AWS::NoValue" else None
            case "Fn::GetAtt":
                return ".".join(of) if isinstance(of, list) else of
            case "Fn::Sub":
                text, known = (of[0], self.resolve(of[1])) if isinstance(of, list) else (of, {})
                return re.sub(r"\$\{([^}]+)\}", lambda found: str({**self.parameters, **known}.get(found[1], found[1])), text)
            case "Fn::Join":
                return of[0].join(str(item) for item in self.resolve(of[1]))
            case "Fn::Split":
                return self.resolve(of[1]).split(of[0])
            case "Fn::If":
                return self.resolve(of[1] if self.holds(self.conditions[of[0]]) else of[2])
            case "Fn::ImportValue":
                return self.imports[self.resolve(of)]
            case "Fn::Transform":
                return {"Fn::Transform": of}
        raise ValueError(f"{name} is new here")

    def holds(self, condition):
        (name, of), = condition.items()
        match name:
            case "Fn::Equals":
                left, right = self.resolve(of)
                return str(left) == str(right)
            case "Fn::Not":
                return not self.holds(of[0])
        raise ValueError(f"{name} is new here")


def translate(source):
    source = json.loads(json.dumps(source))
    for resource in source["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://code-of-functions/code.zip"
    return json.loads(json.dumps(transform(source, {}, NoManagedPolicies())))


@cache
def core():
    return Stack("template.yaml", CORE)


@cache
def org():
    return Stack("org.yaml", EACH_ORG, core().exports)


@cache
def watch():
    return Stack("watch.yaml", NESTED)


@cache
def runbooks():
    return Stack("runbooks/stack.yaml", NESTED)


def stacks():
    return {"template": core(), "org": org(), "watch": watch(), "runbooks": runbooks()}


def several(value):
    return value if isinstance(value, list) else [value]


def statements(policy):
    return several(policy["Statement"])
