"""Each role may do what its code does, and nothing else."""

import unittest

from permissions import FUNCTIONS, KEY, TAKEN, calls, granted, resource_kinds, source_of, writer_of
from templates import ROOT, core, org, runbooks, several, stacks, statements

TABLES = ["Scan", "Evaluate", "Contain", "People"]
# By the variable that names it: the service, its resource, and which part of it.
OUTSIDE = {
    "WARDEN_OBSERVATIONS_QUEUE": ("sqs", "ObservationsQueue.Arn"),
    "WARDEN_FINDINGS_BUS": ("events", "FindingsBus.Arn"),
    "WARDEN_NOTICES_TOPIC": ("sns", "NotificationsTopic"),
    "WARDEN_EVIDENCE_BUCKET": ("s3", "EvidenceBucket.Arn/heads/*"),
}
# What a service sends to, by what it takes.
SENDS = {"AWS::Lambda::Function": "lambda:InvokeFunction", "AWS::SQS::Queue": "sqs:SendMessage"}
READ = {"dynamodb:GetItem", "dynamodb:Query"}


def variables(function):
    return core().resources[f"{FUNCTIONS[function]}Function"]["Environment"]["Variables"]


def needed(function):
    """What a function's code and its event sources take. Which tables of others it reads is seen when it runs: observed.py."""
    name, wanted, key, services = FUNCTIONS[function], {}, set(), set()
    for table in TABLES:
        if writer_of(table) == function:
            wanted[f"{table}Table.Arn"] = calls()["dynamodb"]
        elif reads := granted(name)[0].get(f"{table}Table.Arn", set()) & READ:
            wanted[f"{table}Table.Arn"] = reads
    key |= KEY["dynamodb"]
    services.add("dynamodb")
    for variable in variables(function):
        if variable in OUTSIDE:
            service, resource = OUTSIDE[variable]
            wanted[resource] = calls()[service]
            key |= KEY[service]
            services |= {service} if KEY[service] else set()
        elif variable == "WARDEN_CONNECTION":
            key |= KEY["secretsmanager"]
            services.add("secretsmanager")
    for mapping in core().of_type("AWS::Lambda::EventSourceMapping").values():
        if mapping["FunctionName"] == f"{name}Function":
            wanted[mapping["EventSourceArn"]] = TAKEN
            key |= KEY["receive"]
            services.add("sqs")
    wanted["Key.Arn"] = key
    wanted[f"{name}Logs.Arn"] = {"logs:CreateLogStream", "logs:PutLogEvents"}
    return wanted, services


class Functions(unittest.TestCase):
    maxDiff = None

    def test_a_role_grants_what_the_code_calls_and_nothing_else(self):
        for function, role in FUNCTIONS.items():
            with self.subTest(function):
                wanted, services = needed(function)
                grants, conditions = granted(role)
                self.assertEqual(grants, wanted)
                through = sorted(f"{service}.us-east-1.amazonaws.com" for service in services)
                self.assertEqual(conditions["Key.Arn"], {"StringEquals": {"kms:ViaService": through}})

    def test_every_call_of_the_code_is_known_here(self):
        granted_to_functions = {a for role in FUNCTIONS.values() for actions in granted(role)[0].values() for a in actions}
        secrets = {s["Action"] for policy in org().of_type("AWS::SecretsManager::ResourcePolicy").values() for s in statements(policy["ResourcePolicy"])}
        for service, actions in calls().items():
            self.assertTrue(actions, service)
            self.assertLessEqual(actions, granted_to_functions | secrets)
        services = {action.split(":")[0] for action in granted_to_functions | secrets}
        self.assertEqual(set(calls()), services - {"kms", "logs"})

    def test_every_variable_is_read_by_the_code(self):
        settings = (ROOT / "shared/src/settings.rs").read_text()
        for function in FUNCTIONS:
            for variable in variables(function):
                if variable.startswith("WARDEN_"):
                    self.assertTrue(f'"{variable}"' in settings, f"settings.rs knows no {variable}")
                    self.assertTrue(f"`{variable}`" in source_of(function), f"{function} reads no {variable}")


class Services(unittest.TestCase):
    maxDiff = None

    def test_a_schedules_role_starts_the_targets_of_schedules_and_nothing_else(self):
        wanted = {}
        for name, schedule in org().of_type("AWS::Scheduler::Schedule").items():
            target = schedule["Target"]
            self.assertEqual(target["RoleArn"], "ScheduleRole.Arn", name)
            for resource in (target["Arn"], target["DeadLetterConfig"]["Arn"]):
                wanted.setdefault(resource, set()).add(SENDS[core().types[resource.removesuffix(".Arn")]])
        wanted["Key.Arn"] = KEY["sqs"]
        grants, conditions = granted("Schedule")
        self.assertEqual(grants, wanted)
        self.assertEqual(conditions["Key.Arn"], {"StringEquals": {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}})

    def test_a_rules_role_sends_to_the_targets_that_take_it_and_nowhere_else(self):
        wanted = {}
        for stack in (core(), org()):
            for rule in stack.of_type("AWS::Events::Rule").values():
                for target in rule["Targets"]:
                    if "RoleArn" in target:
                        wanted.setdefault(target["RoleArn"], {}).setdefault(target["Arn"], set()).add("events:PutEvents")
        self.assertEqual(wanted, {"SiemRole.Arn": granted("Siem")[0]})

    def test_every_role_of_the_core_is_compared_with_what_it_is_for(self):
        roles = set(core().of_type("AWS::IAM::Role"))
        self.assertEqual(roles, {f"{role}Role" for role in [*FUNCTIONS.values(), "Schedule", "Siem"]})


class Secrets(unittest.TestCase):
    def test_only_its_function_reads_a_secret(self):
        for name, role, function in (("Scanner", "ScanRole", "scan-login-history"), ("Revoker", "RevokeRole", "revoke-sessions")):
            allow, deny = statements(org().resources[f"{name}SecretPolicy"]["ResourcePolicy"])
            self.assertEqual((allow["Effect"], allow["Principal"]), ("Allow", {"AWS": f"{role}.Arn"}))
            self.assertEqual({allow["Action"]}, calls()["secretsmanager"])
            self.assertEqual((deny["Effect"], deny["Principal"], deny["Action"]), ("Deny", "*", allow["Action"]))
            readers = deny["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
            self.assertEqual(readers, [f"{role}.Arn", *org().parameters["SecretReaders"]])
            asked = variables(function)["WARDEN_CONNECTION"].removeprefix("secretsmanager:")
            self.assertEqual(asked.replace("{org}", org().parameters["OrgId"]), org().resources[f"{name}Secret"]["Name"])


class Buses(unittest.TestCase):
    def test_only_who_is_named_sends(self):
        for name, senders in (("Findings", ["EvaluateRole.Arn", "RevokeRole.Arn"]),
                              ("Commands", [runbook_role(), *core().parameters["CommandSenders"]])):
            statement = core().resources[f"{name}BusPolicy"]["Statement"]
            self.assertEqual((statement["Effect"], statement["Principal"], statement["Action"]), ("Deny", "*", "events:PutEvents"))
            self.assertEqual(statement["Condition"], {"ArnNotEquals": {"aws:PrincipalArn": senders}})


def runbook_role():
    return f"arn:aws:iam::123456789012:role/{runbooks().resources['RunbookRole']['RoleName']}"


class Wildcards(unittest.TestCase):
    def test_there_is_none_without_a_reason(self):
        for stack in stacks().values():
            for name, kind in stack.types.items():
                found = {s["Sid"] for s in allows(kind, stack.resources[name]) if has_wildcard(s)}
                self.assertEqual(found, set(stack.metadata[name].get("wildcards", {})), name)

    def test_every_action_exists_and_stands_beside_a_resource_it_takes(self):
        for stack in stacks().values():
            for name, kind in stack.types.items():
                for statement in allows(kind, stack.resources[name]):
                    for action in several(statement["Action"]):
                        limited = several(statement["Resource"]) != ["*"]
                        self.assertEqual(bool(resource_kinds(action)), limited, f"{name} {action}")


def allows(kind, resource):
    """What a role's own policies allow. A key's policy speaks of that key alone, whatever it writes."""
    policies = [of["PolicyDocument"] for of in resource.get("Policies", [])] if kind == "AWS::IAM::Role" else []
    policies += [resource["PolicyDocument"]] if kind == "AWS::IAM::RolePolicy" else []
    return [s for policy in policies for s in statements(policy) if s["Effect"] == "Allow"]


def has_wildcard(statement):
    return any("*" in text for part in ("Action", "Resource") for text in several(statement[part]))


if __name__ == "__main__":
    unittest.main()
