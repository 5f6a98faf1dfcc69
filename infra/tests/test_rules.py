"""The rules take what they are to take, by somebody else's matcher, and what they take is what the code knows."""

import json
import re
import unittest

from moto.events.models import EventPattern

from permissions import source_of
from templates import ORG, RELAY, ROOT, core, org


def takes(rule, event):
    stack = org() if rule == "RelayRule" else core()
    return EventPattern.load(json.dumps(stack.resources[rule]["EventPattern"])).matches_event(event)


def event(source, kind, detail):
    envelope = {"version": "0", "id": "6a7e8feb", "account": "123456789012", "time": "2026-11-02T12:00:00Z"}
    return envelope | {"region": "us-east-1", "resources": [], "source": source, "detail-type": kind, "detail": detail}


def finding(**other):
    return {"schema_version": 1, "org_id": ORG, "finding_id": "f1", "version": 1, "severity": "high", "action": "contain"} | other


def command(detail=None):
    return event("siem.example", "Containment Requested", detail or documented_command())


def documented_command():
    """The command as docs/deploy.md shows it."""
    (shown,) = re.findall(r"```json\n(\{.*?\})\n```", (ROOT / "docs/deploy.md").read_text(), re.DOTALL)
    return json.loads(shown)["Detail"]


class Findings(unittest.TestCase):
    def test_every_finding_goes_to_the_containment_and_the_siem(self):
        for detail in (finding(), finding(severity="info", action="none"), finding(schema_version=2)):
            found = event("session-warden", "Suspicious Activity Found", detail)
            self.assertTrue(takes("FindingsRule", found))
            self.assertTrue(takes("SiemRule", found))

    def test_what_has_ended_goes_to_the_siem_and_not_round_in_circles(self):
        finished = event("session-warden", "Containment Finished", {"schema_version": 1, "outcome": "contained"})
        self.assertFalse(takes("FindingsRule", finished))
        self.assertTrue(takes("SiemRule", finished))

    def test_people_are_told_of_what_is_grave(self):
        for severity in ("info", "low", "medium", "high", "critical"):
            found = event("session-warden", "Suspicious Activity Found", finding(severity=severity))
            self.assertEqual(takes("FoundRule", found), severity in ("high", "critical"))
        for outcome in ("contained", "access_ended", "session_ended", "not_contained", "refused"):
            ended = event("session-warden", "Containment Finished", {"schema_version": 1, "outcome": outcome})
            self.assertFalse(takes("FoundRule", ended))

    def test_nobody_else_is_believed(self):
        self.assertFalse(takes("FindingsRule", event("somebody", "Suspicious Activity Found", finding())))


class Commands(unittest.TestCase):
    def test_a_command_from_anybody_who_may_send_is_taken_whatever_its_version(self):
        self.assertTrue(takes("CommandsRule", command()))
        self.assertTrue(takes("CommandsRule", command({"schema_version": 2})))
        self.assertFalse(takes("UnknownCommandsRule", command()))

    def test_what_is_no_command_ends_in_the_dead_letters(self):
        for kind in ("Containment requested", "Suspicious Activity Found", ""):
            unknown = event("siem.example", kind, documented_command())
            self.assertFalse(takes("CommandsRule", unknown))
            self.assertTrue(takes("UnknownCommandsRule", unknown))

    def test_the_evaluation_knows_what_the_relay_takes(self):
        known = (ROOT / "shared/src/salesforce/relayed.rs").read_text().split("#[cfg(test)]")[0]
        for kind in org().resources["RelayRule"]["EventPattern"]["detail-type"]:
            self.assertIn(f"`{kind}`", (ROOT / "docs/deploy.md").read_text())
            self.assertTrue(f'"{kind}"' in known, f"evaluate-activity does not know {kind}")

    def test_the_code_knows_what_the_rules_take(self):
        known = source_of("revoke-sessions") + (ROOT / "shared/src/lambda/bus.rs").read_text()
        for rule in ("FindingsRule", "CommandsRule"):
            for kind in core().resources[rule]["EventPattern"]["detail-type"]:
                self.assertTrue(f'"{kind}"' in known, f"revoke-sessions does not know {kind}")


class Relay(unittest.TestCase):
    def test_the_events_that_are_judged_are_taken_in_the_orgs_group(self):
        kinds = ["LoginEventStream", "LogoutEventStream", "SessionHijackingEvent", "LoginAnomalyEvent", "CredentialStuffingEvent"]
        for kind in kinds:
            self.assertTrue(takes("RelayRule", event(RELAY, kind, {"payload": {"UserId": "005000000000001AAA"}})))
        self.assertFalse(takes("RelayRule", event(RELAY, "AccountChangeEvent", {"payload": {}})))
        self.assertFalse(takes("RelayRule", event("somebody", "LoginEventStream", {"payload": {}})))
        (target,) = org().resources["RelayRule"]["Targets"]
        self.assertEqual(target["SqsParameters"], {"MessageGroupId": ORG})
        self.assertEqual(target["Arn"], "ObservationsQueue.Arn")

    def test_the_queue_admits_the_rule_of_any_org(self):
        admitted = core().resources["ObservationsQueuePolicy"]["PolicyDocument"]["Statement"][0]
        pattern = admitted["Condition"]["ArnLike"]["aws:SourceArn"].replace("*", ".*")
        rule = org().resources["RelayRule"]["Name"]
        self.assertRegex(f"arn:aws:events:us-east-1:123456789012:rule/{RELAY}/{rule}", f"^{pattern}$")


class Schedules(unittest.TestCase):
    def test_what_they_send_is_what_the_functions_read(self):
        scan = json.loads(org().resources["ScanSchedule"]["Target"]["Input"])
        request = (ROOT / "functions/scan-login-history/src/request.rs").read_text()
        (fields,) = re.findall(r"struct ScanRequest \{(.*?)\n\}", request, re.DOTALL)
        self.assertEqual(set(scan), set(re.findall(r"(\w+): ", fields)))
        self.assertEqual(scan["org"], ORG)
        self.assertEqual(scan["scheduled_time"], "<aws.scheduler.scheduled-time>")
        tend = json.loads(org().resources["TendSchedule"]["Target"]["Input"])
        self.assertEqual(tend, {"schema_version": 1, "org_id": ORG, "task": "tend"})
        self.assertTrue(json.dumps(tend, separators=(",", ":")).replace(ORG, "00D…") in source_of("revoke-sessions"))


if __name__ == "__main__":
    unittest.main()
