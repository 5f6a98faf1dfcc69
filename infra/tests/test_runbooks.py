"""The runbooks are consistent, and their scripts do what they say, on moto."""

import hashlib
import json
import re
import types
import unittest
import zlib
from unittest import mock

import boto3
import yaml
from moto import mock_aws

from permissions import resource_kinds
from templates import ACCOUNT, INFRA, ORG, ROOT, core, runbooks, several, statements

DOCUMENTS = ["command", "contain-app", "contain-user", "disable-everything", "investigate", "log-off-all", "release"]
EXECUTION = "4105a4fc-f944-11e6-9d32-0a1b2c3d4e5f"
# By the action of a step, what the role must be allowed. Source: Systems Manager User Guide, "Automation actions reference".
TAKES = {
    "aws:approve": {"sns:Publish"},
    "aws:executeAutomation": {"ssm:StartAutomationExecution", "ssm:GetAutomationExecution", "iam:PassRole"},
    "aws:branch": set(),
    "aws:runCommand": {"ssm:SendCommand", "ssm:ListCommands", "ssm:ListCommandInvocations", "ssm:DescribeInstanceInformation"},
    "aws:executeScript": set(),
}
# What the key is asked for when a table is read and the approvals' topic is written to, and what a schedule's role takes.
BESIDES = {"kms:Decrypt", "kms:GenerateDataKey", "iam:PassRole"}


def document(name):
    return yaml.safe_load((INFRA / "runbooks" / f"{name}.yaml").read_text())


def script(name, step):
    """The step's function, as Automation would call it."""
    (source,) = [its["inputs"]["Script"] for its in document(name)["mainSteps"] if its["name"] == step]
    module = types.ModuleType(f"{name}:{step}")
    exec(compile(source, module.__name__, "exec"), module.__dict__)
    return module


def mentioned(value):
    return set(re.findall(r"\{\{ ?([\w.:]+) ?\}\}", json.dumps(value)))


class Documents(unittest.TestCase):
    def test_each_file_is_a_document_of_the_stack(self):
        here = sorted(path.stem for path in (INFRA / "runbooks").glob("*.yaml") if path.stem != "stack")
        included = {of["Name"]: of["Content"]["Fn::Transform"]["Parameters"]["Location"] for of in runbooks().of_type("AWS::SSM::Document").values()}
        self.assertEqual(here, DOCUMENTS)
        self.assertEqual(included, {f"session-warden-{name}": f"{name}.yaml" for name in DOCUMENTS})

    def test_each_is_whole(self):
        for name in DOCUMENTS:
            with self.subTest(name):
                it = document(name)
                self.assertEqual(it["schemaVersion"], "0.3")
                steps = [step["name"] for step in it["mainSteps"]]
                outputs = {f"{step['name']}.{out['Name']}" for step in it["mainSteps"] for out in step.get("outputs", [])}
                outputs |= {f"{step['name']}.Output" for step in it["mainSteps"] if step["action"] in ("aws:executeAutomation", "aws:runCommand")}
                known = set(it["parameters"]) | outputs | {"automation:EXECUTION_ID"}
                self.assertLessEqual(mentioned(it["mainSteps"]), known)
                self.assertEqual(set(it["parameters"]) - mentioned(it["mainSteps"]), set(), "a parameter that nobody uses")
                self.assertLessEqual(set(it["outputs"]), outputs)
                followers = re.findall(r'"(?:nextStep|NextStep|Default)": "(\w+)"', json.dumps(it["mainSteps"]))
                self.assertLessEqual(set(followers), set(steps))
                for step in it["mainSteps"]:
                    self.assertIn(step["action"], TAKES)
                for parameter in it["parameters"].values():
                    self.assertTrue("allowedPattern" in parameter or "allowedValues" in parameter)

    def test_who_must_approve(self):
        needed = {}
        for name in DOCUMENTS:
            approvals = [step for step in document(name)["mainSteps"] if step["action"] == "aws:approve"]
            needed[name] = sum(step["inputs"]["MinRequiredApprovals"] for step in approvals)
            for step in approvals:
                self.assertEqual((step["onFailure"], step["inputs"]["Approvers"]), ("Abort", {"Ref": "Approvers"}))
        # The command is started by approved runbooks alone; the switch asks only when it is to be undone.
        expected = {"command": 0, "investigate": 0, "contain-user": 1, "contain-app": 2, "log-off-all": 2, "disable-everything": 1, "release": 1}
        self.assertEqual(needed, expected)

    def test_a_stack_has_as_many_approvers_as_a_runbook_needs_or_none(self):
        pattern = core().source["Parameters"]["RunbookApprovers"]["AllowedPattern"]
        most = max(step["inputs"]["MinRequiredApprovals"] for name in DOCUMENTS for step in document(name)["mainSteps"] if step["action"] == "aws:approve")
        arns = [f"arn:aws:iam::{ACCOUNT}:{kind}" for kind in ("role/OnCall", "user/ada", "role/team/Lead", *(f"role/Of{number}" for number in range(9)))]
        for number in range(len(arns)):
            for given in (",".join(arns[:number]), ", ".join(arns[:number])):
                self.assertEqual(bool(re.fullmatch(pattern, given)), number == 0 or most <= number <= 10, given)
        for wrong in ("OnCall,Lead", f"{arns[0]},", f"{arns[0]},{arns[0]}-of-{{}},x", f"{arns[0]} {arns[1]}"):
            self.assertIsNone(re.fullmatch(pattern, wrong), wrong)
        (shown,) = re.findall(r'"RunbookApprovers=(.*)"', (INFRA / "samconfig.example.toml").read_text())
        self.assertRegex(shown, pattern)
        self.assertEqual(core().resources["Runbooks"]["Parameters"]["Approvers"], core().parameters["RunbookApprovers"])

    def test_whoever_approves_sees_what_he_approves(self):
        for name in ("contain-user", "contain-app", "log-off-all", "release"):
            given = set(document(name)["parameters"]) - {"InstanceId"}
            self.assertEqual(mentioned(document(name)["mainSteps"][0]["inputs"]["Message"]), given)

    def test_a_command_line_takes_nothing_that_could_end_it(self):
        it = document("release")
        commands = json.dumps(it["mainSteps"][1]["inputs"]["Parameters"])
        for name in mentioned(commands) - {"automation:EXECUTION_ID"}:
            parameter = it["parameters"][name]
            self.assertIn(f"'{{{{ {name} }}}}'", commands.replace("/etc/session-warden/", "").replace(".json", ""))
            for hostile in ("a'b", "a\nb", "", "$(a)'"):
                self.assertNotIn(hostile, parameter.get("allowedValues", []))
                self.assertIsNone(re.fullmatch(parameter.get("allowedPattern", "(?!)"), hostile), name)

    def test_release_is_a_command_line_that_warden_takes(self):
        source = (ROOT / "cli/src/commands/release.rs").read_text() + (ROOT / "cli/src/arguments.rs").read_text()
        commands = json.dumps(document("release")["mainSteps"][1]["inputs"]["Parameters"])
        for option in set(re.findall(r" --([a-z-]+)", commands)) | {"reset-password"}:
            self.assertRegex(source, rf"long[^\n]*\n\s*(?:pub\(crate\) )?{option.replace('-', '_')}: ")

    def test_commands_start_the_command_once_they_are_approved(self):
        subjects = script("command", "Send").SUBJECTS
        self.assertEqual(set(subjects), {"contain-user", "contain-app", "log-off-all"})
        for name, (_, parameter) in subjects.items():
            approve, command = document(name)["mainSteps"]
            self.assertEqual((approve["name"], approve["action"], command["action"]), ("Approve", "aws:approve", "aws:executeAutomation"))
            self.assertEqual(command["inputs"]["RuntimeParameters"], {"RequestId": "{{ automation:EXECUTION_ID }}"})
            self.assertEqual(set(document("command")["parameters"]), {"RequestId"})
            self.assertLessEqual({"OrgId", "Reason", parameter or "OrgId"}, set(document(name)["parameters"]))


class Permissions(unittest.TestCase):
    def test_the_role_may_do_what_the_steps_do_and_nothing_else(self):
        granted = set()
        for policy in [of["PolicyDocument"] for of in runbooks().resources["RunbookRole"]["Policies"]] + [
            runbooks().resources["StartCommandPolicy"]["PolicyDocument"]
        ]:
            granted |= {action for statement in statements(policy) for action in several(statement["Action"])}
        needed = set(BESIDES)
        for name in DOCUMENTS:
            for step in document(name)["mainSteps"]:
                needed |= TAKES[step["action"]] | calls(step["inputs"].get("Script", ""))
        self.assertEqual(granted, needed)
        for action in granted:
            resource_kinds(action)

    def test_the_role_reaches_what_the_steps_name_and_nothing_else(self):
        here = "us-east-1:123456789012"
        policies = [of["PolicyDocument"] for of in runbooks().resources["RunbookRole"]["Policies"]]
        policies.append(runbooks().resources["StartCommandPolicy"]["PolicyDocument"])
        reached = {}
        for statement in (statement for policy in policies for statement in statements(policy)):
            for action in several(statement["Action"]):
                reached.setdefault(action.split(":")[0], set()).update(several(statement["Resource"]))
        steps = [step["inputs"] for name in DOCUMENTS for step in document(name)["mainSteps"]]
        named = json.dumps(steps)
        tables = set(re.findall(r"-(evaluate|contain|people|scan)\b", named))
        self.assertEqual(reached["dynamodb"], {f"arn:aws:dynamodb:{here}:table/session-warden-{table}" for table in tables})
        buses = set(re.findall(r"EventBusName.{3,40}-(\w+)\\\"", named))
        self.assertEqual(reached["events"], {f"arn:aws:events:{here}:event-bus/session-warden-{bus}" for bus in buses})
        self.assertEqual(reached["sns"], {step["NotificationArn"]["Ref"] for step in steps if "NotificationArn" in step})
        (mapping,) = {step["InputPayload"]["mapping"]["Ref"] for step in steps if "mapping" in step.get("InputPayload", {})}
        self.assertEqual(reached["lambda"], {f"arn:aws:lambda:{here}:event-source-mapping:{runbooks().parameters[mapping]}"})
        started = {step["DocumentName"]["Ref"] for step in steps if "RuntimeParameters" in step}
        scripts = {step["DocumentName"] for step in steps if "InstanceIds" in step}
        documents = {f"arn:aws:ssm:{here}:automation-definition/{document}:$DEFAULT" for document in started}
        documents |= {f"arn:aws:ssm:us-east-1::document/{name}" for name in scripts}
        self.assertEqual({at for at in reached["ssm"] if "document/" in at or "definition/" in at}, documents)
        self.assertEqual(reached["scheduler"], {"*", f"arn:aws:scheduler:{here}:schedule/session-warden/*"})
        self.assertEqual(reached["iam"], {"RunbookRole.Arn", "ScheduleRole.Arn"})


def calls(source):
    """The IAM actions that a script takes, by the names of boto3's methods."""
    found, tables = set(), {"get_item": "GetItem", "query": "Query", "update_item": "UpdateItem", "put_item": "PutItem"}
    for method, action in tables.items():
        if re.search(rf"\.{method}\(", source):
            found.add(f"dynamodb:{action}")
    for service in set(re.findall(r'client\("(\w+)"\)', source)):
        operations = boto3.client(service, region_name="us-east-1").meta.method_to_api_mapping
        used = {method for method in operations if re.search(rf"\b{method}\b", source)}
        found |= {f"{service}:{operations[method]}" for method in used}
    return found


class World:
    """What the scripts find: tables, a bus that remembers, schedules, the execution that a person began."""

    def __enter__(self):
        self.mock = mock_aws()
        self.mock.start()
        self.database = boto3.resource("dynamodb")
        keys = [{"AttributeName": "partition", "KeyType": "HASH"}, {"AttributeName": "sort", "KeyType": "RANGE"}]
        names = [{"AttributeName": of["AttributeName"], "AttributeType": "S"} for of in keys]
        for table in ("scan", "evaluate", "contain", "people"):
            self.database.create_table(
                TableName=f"session-warden-{table}", KeySchema=keys, AttributeDefinitions=names, BillingMode="PAY_PER_REQUEST")
        self.put("scan", "orgs", ORG, {"alias": "production"})
        self.ssm = mock.Mock()
        self.execution = {"ExecutedBy": "arn:aws:iam::1:user/ada", "DocumentName": "session-warden-contain-app"}
        self.execution |= {"StepExecutions": [{"StepName": "Approve", "Action": "aws:approve", "StepStatus": "Success"}]}
        self.execution |= {"Parameters": {"OrgId": [ORG], "Application": ['Drift "Chat"'], "Reason": ["stolen"]}}
        self.ssm.get_automation_execution.return_value = {"AutomationExecution": self.execution}
        self.functions, self.sent = mock.Mock(), []
        self.functions.update_event_source_mapping.return_value = {"UUID": "the-mapping"}
        self.client = boto3.client
        self.patch = mock.patch("boto3.client", side_effect=self.made)
        self.patch.start()
        return self

    def __exit__(self, *_):
        self.patch.stop()
        self.mock.stop()

    def made(self, service, **options):
        events = mock.Mock()
        events.put_events.side_effect = self.put_events
        return {"ssm": self.ssm, "lambda": self.functions, "events": events}.get(service) or self.client(service, **options)

    def put_events(self, Entries):
        self.sent += Entries
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "e1"}]}

    def put(self, table, partition, sort, body):
        text = json.dumps(body)
        if len(text) > 800:
            packing = zlib.compressobj(wbits=-15)
            text = packing.compress(text.encode()) + packing.flush()
        item = {"partition": partition, "sort": sort, "version": 1, "body": text}
        self.database.Table(f"session-warden-{table}").put_item(Item=item)

    def kill_switch(self):
        item = self.database.Table("session-warden-people").get_item(Key={"partition": f"{ORG}/kill-switch", "sort": "org"})["Item"]
        return int(item["version"]), json.loads(item["body"])


class Command(unittest.TestCase):
    SENT = {"prefix": "session-warden", "request": EXECUTION}
    ASKED = {"table": "session-warden-contain", "org": ORG, "request": EXECUTION, "seconds": 0}

    def test_what_is_sent_says_who_asked(self):
        with World() as world:
            self.assertEqual(script("command", "Send").handler(self.SENT, None), {"org": ORG, "request": EXECUTION + '/app/Drift "Chat"'})
            (entry,) = world.sent
            detail = json.loads(entry["Detail"])
            self.assertEqual((entry["EventBusName"], entry["DetailType"]), ("session-warden-commands", "Containment Requested"))
            self.assertEqual(detail["subject"], {"kind": "application", "id": 'Drift "Chat"'})
            self.assertEqual((detail["request_id"], detail["requested_by"]), (EXECUTION, "arn:aws:iam::1:user/ada"))

    def test_the_org_needs_no_name_beside_itself(self):
        with World() as world:
            world.execution |= {"DocumentName": "session-warden-log-off-all", "Parameters": {"OrgId": [ORG], "Reason": ["r"]}}
            script("command", "Send").handler(self.SENT, None)
            self.assertEqual(json.loads(world.sent[0]["Detail"])["subject"], {"kind": "org"})

    def test_what_was_not_approved_is_not_sent(self):
        approved = {"StepName": "Approve", "Action": "aws:approve", "StepStatus": "Success"}
        for steps in ([], [approved | {"StepStatus": "InProgress"}], [approved | {"StepName": "Command"}],
                      [approved | {"Action": "aws:sleep"}], [approved | {"Action": "aws:sleep"}, approved | {"StepName": "Later"}]):
            with self.subTest(steps):
                self.is_refused({"StepExecutions": steps}, "was not approved")

    def test_what_is_asked_of_a_step_is_what_the_service_tells(self):
        with World() as world:
            members = world.client("ssm", region_name="us-east-1").meta.service_model.shape_for("StepExecution").members
            self.assertLessEqual(set(world.execution["StepExecutions"][0]), set(members))

    def test_what_another_document_asks_for_is_not_sent(self):
        for name in ("somebodys-own", "contain-user", "session-warden-command", "other-session-warden-contain-user", "session-warden-"):
            with self.subTest(name):
                self.is_refused({"DocumentName": name}, "is no execution of a runbook")

    def is_refused(self, changed, why):
        with World() as world:
            world.execution |= changed
            with self.assertRaisesRegex(PermissionError, why):
                script("command", "Send").handler(self.SENT, None)
            self.assertEqual(world.sent, [])

    def test_a_refused_event_fails(self):
        with World() as world:
            world.put_events = lambda Entries: {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "NotAuthorizedForSource"}]}
            with self.assertRaisesRegex(RuntimeError, "NotAuthorizedForSource"):
                script("command", "Send").handler(self.SENT, None)

    def test_the_outcome_is_read_of_the_containments_record(self):
        outcome = script("command", "Outcome")
        # The id is what record.rs makes of it.
        length = lambda text: len(text).to_bytes(8, "big") + text.encode()
        self.assertEqual(outcome.containment_id(ORG, "r/org"), hashlib.sha256(length(ORG) + length("event/r/org")).hexdigest()[:32])
        with World() as world, self.assertRaisesRegex(TimeoutError, "nothing has come of"):
            outcome.handler(self.ASKED, None)
        for record, told in (({"stage": "waiting", "pending": {"needed": 2}}, "waits for 2 of the policy's approvers"),
                             ({"stage": "finished", "outcome": {"outcome": "contained"}, "long": "x" * 900}, '{"outcome": "contained"}')):
            with World() as world:
                world.put("contain", f"{ORG}/containments", outcome.containment_id(ORG, EXECUTION), record)
                self.assertIn(told, outcome.handler(self.ASKED, None)["outcome"])


class Investigate(unittest.TestCase):
    def test_a_finding_is_shown_with_what_was_done(self):
        with World() as world:
            world.put("evaluate", f"{ORG}/findings", "f1", {"finding_id": "f1", "explanation": ["Seen from afar."], "long": "x" * 900})
            for id, trigger in (("c1", {"finding_id": "f1"}), ("c2", {"finding_id": "f2"}), ("c3", None)):
                world.put("contain", f"{ORG}/containments", id, {"containment_id": id, "request": {"trigger": trigger}})
            asked = {"prefix": "session-warden", "org": ORG, "finding": "f1"}
            shown = script("investigate", "Read").handler(asked, None)
            self.assertEqual((shown["explanation"], shown["containments"]), (["Seen from afar."], 1))
            self.assertEqual(json.loads(shown["all"])["containments"][0]["containment_id"], "c1")
            with self.assertRaisesRegex(ValueError, "has no finding f9"):
                script("investigate", "Read").handler(asked | {"finding": "f9"}, None)


class DisableEverything(unittest.TestCase):
    def run_it(self, state):
        asked = {"prefix": "session-warden", "mapping": "the-mapping", "state": state, "reason": "a storm", "request": EXECUTION}
        return script("disable-everything", "Switch").handler(asked, None)["done"]

    def schedule(self):
        scheduler = boto3.client("scheduler")
        scheduler.create_schedule_group(Name="session-warden")
        target = {"Arn": "arn:aws:lambda:us-east-1:1:function:scan", "RoleArn": "arn:aws:iam::1:role/r", "Input": "{}"}
        scheduler.create_schedule(Name=f"scan-{ORG}", GroupName="session-warden", ScheduleExpression="rate(1 minute)",
                                  FlexibleTimeWindow={"Mode": "OFF"}, Target=target)
        return lambda: scheduler.get_schedule(Name=f"scan-{ORG}", GroupName="session-warden")

    def test_everything_stops_and_comes_back_as_it_was(self):
        with World() as world:
            now = self.schedule()
            before = now()
            self.assertEqual(self.run_it("disabled"), ["the-mapping", ORG, f"scan-{ORG}"])
            self.assertEqual((now()["State"], now()["Target"]), ("DISABLED", before["Target"]))
            version, switch = world.kill_switch()
            self.assertEqual((version, switch["switch"], switch["by"]), (1, "thrown", "arn:aws:iam::1:user/ada"))
            self.assertRegex(switch["at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
            self.run_it("enabled")
            self.assertEqual((now()["State"], now()["ScheduleExpression"]), ("ENABLED", "rate(1 minute)"))
            self.assertEqual((world.kill_switch()[0], world.kill_switch()[1]["switch"]), (2, "lifted"))
            calls = [call.kwargs["Enabled"] for call in world.functions.update_event_source_mapping.call_args_list]
            self.assertEqual(calls, [False, True])

    def test_what_cannot_be_stopped_keeps_nothing_else_going(self):
        with World() as world:
            now = self.schedule()
            world.functions.update_event_source_mapping.side_effect = RuntimeError("throttled")
            with self.assertRaisesRegex(RuntimeError, "NOT all is disabled.*throttled"):
                self.run_it("disabled")
            self.assertEqual((now()["State"], world.kill_switch()[1]["switch"]), ("DISABLED", "thrown"))

    def test_the_switch_is_what_the_code_reads(self):
        text = (INFRA.parent / "shared/src/containment/kill_switch.rs").read_text()
        (fields,) = re.findall(r"pub struct KillSwitch \{(.*?)\n\}", text, re.DOTALL)
        self.assertEqual(set(re.findall(r"pub (\w+):", fields)), {"switch", "by", "reason", "at"})
        self.assertIn('"kill-switch"', text)


if __name__ == "__main__":
    unittest.main()
