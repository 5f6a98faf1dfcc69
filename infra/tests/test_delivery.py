"""Nothing is lost between the parts without an alarm."""

import re
import unittest

from templates import ACCOUNT, EACH_ORG, ROOT, Stack, core, org, runbooks, several, stacks, statements, watch

WEEKS = 14 * 24 * 3600


def queues():
    return core().of_type("AWS::SQS::Queue")


def dead_letter_queues():
    return {name for name in queues() if name.endswith("DeadLetters")}


def alarms():
    return [alarm for stack in (watch(), org()) for alarm in stack.of_type("AWS::CloudWatch::Alarm").values()]


def seconds(schedule):
    number, unit = schedule["ScheduleExpression"].removeprefix("rate(").removesuffix(")").split()
    return int(number) * {"minute": 60, "minutes": 60}[unit]


def orgs_of_each_cadence():
    """An org's stack for each pause between scans that it takes."""
    allowed = org().source["Parameters"]["ScanEveryMinutes"]
    return [Stack("org.yaml", EACH_ORG | {"ScanEveryMinutes": minutes}, core().exports) for minutes in range(allowed["MinValue"], allowed["MaxValue"] + 1)]


def metrics(alarm):
    """What an alarm looks at: the metrics of its sum, or its only one."""
    return [part["MetricStat"]["Metric"] for part in alarm.get("Metrics", []) if "MetricStat" in part] or [alarm]


def rings(alarm, failures):
    """When an alarm on a number that is told with each failure rings, if it does; the failures as seconds of its clock."""
    period, all_of = alarm["Period"], alarm["EvaluationPeriods"]
    bad = {at // period for at in failures}
    ends = [(last + 1) * period for last in sorted(bad) if len(set(range(last - all_of + 1, last + 1)) & bad) >= alarm["DatapointsToAlarm"]]
    return ends[0] if ends else None


def watched(metric, dimension, value):
    """Whether an alarm looks at the metric of what the dimension names."""
    wanted = {"Name": dimension, "Value": value}
    return any(part["MetricName"] == metric and wanted in part["Dimensions"] for alarm in alarms() for part in metrics(alarm))


class Queues(unittest.TestCase):
    def test_each_has_dead_letters_which_have_an_alarm(self):
        for name, queue in queues().items():
            with self.subTest(name):
                self.assertEqual(queue["MessageRetentionPeriod"], WEEKS)
                if name in dead_letter_queues():
                    self.assertTrue(watched("ApproximateNumberOfMessagesVisible", "QueueName", queue["QueueName"]))
                    continue
                target = queue["RedrivePolicy"]["deadLetterTargetArn"].removesuffix(".Arn")
                self.assertIn(target, dead_letter_queues())
                self.assertEqual(queue.get("FifoQueue"), queues()[target].get("FifoQueue"))
                self.assertTrue(watched("ApproximateAgeOfOldestMessage", "QueueName", queue["QueueName"]))

    def test_a_message_stays_hidden_while_its_function_works_and_comes_back_soon(self):
        for mapping in core().of_type("AWS::Lambda::EventSourceMapping").values():
            function = core().resources[mapping["FunctionName"]]
            queue = queues()[mapping["EventSourceArn"].removesuffix(".Arn")]
            self.assertGreater(queue["VisibilityTimeout"], function["Timeout"])
            self.assertLessEqual(queue["VisibilityTimeout"], function["Timeout"] + 30)
            self.assertEqual(mapping["FunctionResponseTypes"], ["ReportBatchItemFailures"])
            # More pollers than the function may run are throttled, and each throttle counts as an attempt.
            most = mapping["ScalingConfig"]["MaximumConcurrency"]
            self.assertLessEqual(most, function["ReservedConcurrentExecutions"])
            self.assertGreaterEqual(most, 2)

    def test_what_fails_is_tried_for_as_long_as_nobody_waits_behind_it(self):
        tried = {name: of["VisibilityTimeout"] * of["RedrivePolicy"]["maxReceiveCount"] for name, of in queues().items() if "RedrivePolicy" in of}
        self.assertGreaterEqual(tried["ContainmentQueue"], 3600, "an hour without Salesforce")
        self.assertLessEqual(tried["ObservationsQueue"], 1800, "an org's group stands still meanwhile")

    def test_what_a_new_account_is_advised_to_set_is_below_its_limit(self):
        (orgs, containments, scans) = map(int, re.findall(r"such as (\d+) and (\d+) for up to (\w+) orgs", (ROOT / "docs/deploy.md").read_text().replace("five", "5"))[0])
        self.assertLessEqual(orgs + containments + scans, 10)
        parameters = core().source["Parameters"]
        self.assertIn(f"ConcurrentOrgs of {orgs} and a ConcurrentContainments of {containments}", parameters["ReserveConcurrency"]["Description"])
        for name, advised in (("ConcurrentOrgs", orgs), ("ConcurrentContainments", containments)):
            self.assertGreaterEqual(advised, parameters[name]["MinValue"])

    def test_orgs_are_groups_that_do_not_hinder_each_other(self):
        queue = queues()["ObservationsQueue"]
        self.assertEqual((queue["DeduplicationScope"], queue["FifoThroughputLimit"]), ("messageGroup", "perMessageGroupId"))
        self.assertTrue(queue["ContentBasedDeduplication"])


class Encryption(unittest.TestCase):
    def test_the_key_admits_the_services_that_deliver(self):
        admitted = {}
        for statement in statements(core().resources["Key"]["KeyPolicy"]):
            for service in several(statement["Principal"].get("Service", [])):
                admitted[service] = (set(several(statement["Action"])), statement["Condition"])
        for service in ("events", "scheduler", "sns", "cloudwatch"):
            actions, condition = admitted[f"{service}.amazonaws.com"]
            self.assertEqual(actions, {"kms:Decrypt", "kms:GenerateDataKey"})
            self.assertEqual(condition, {"StringEquals": {"aws:SourceAccount": ACCOUNT}})

    def test_what_is_secret_at_rest_is_under_the_key(self):
        where = {
            "AWS::SQS::Queue": lambda it: it["KmsMasterKeyId"],
            "AWS::SNS::Topic": lambda it: it["KmsMasterKeyId"],
            "AWS::DynamoDB::Table": lambda it: it["SSESpecification"]["KMSMasterKeyId"],
            "AWS::Logs::LogGroup": lambda it: it["KmsKeyId"],
            "AWS::SecretsManager::Secret": lambda it: it["KmsKeyId"],
        }
        found = 0
        for stack in stacks().values():
            for kind, key in where.items():
                for name, resource in stack.of_type(kind).items():
                    found += 1
                    self.assertEqual(key(resource).removesuffix(".Arn"), "Key", name)
        self.assertGreaterEqual(found, 4 + 5 + 2 + 3 + 2)

    def test_what_is_kept_outlives_the_stack_with_its_key(self):
        for name, resource in core().source["Resources"].items():
            if resource["Type"] in ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key"):
                self.assertEqual((resource["DeletionPolicy"], resource["UpdateReplacePolicy"]), ("Retain", "Retain"), name)

    def test_evidence_cannot_be_changed(self):
        bucket = core().resources["EvidenceBucket"]
        rule = bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
        self.assertEqual((bucket["ObjectLockEnabled"], bucket["VersioningConfiguration"]["Status"]), (True, "Enabled"))
        self.assertEqual(rule, {"Mode": "GOVERNANCE", "Days": 365})
        policy = core().resources["EvidenceBucketPolicy"]["PolicyDocument"]
        nobody = {s["Action"] for s in statements(policy) if (s["Effect"], s["Principal"], "Condition" in s) == ("Deny", "*", False)}
        self.assertEqual(nobody, {"s3:BypassGovernanceRetention", "s3:DeleteObject"})

    def test_no_deletion_of_a_key_takes_the_evidence_with_it(self):
        (rule,) = core().resources["EvidenceBucket"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        self.assertEqual(rule, {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}})
        archive = (ROOT / "shared/src/lambda/head_archive.rs").read_text()
        self.assertNotRegex(archive, "(?i)encryption|kms", "a request may ask for another key than the bucket's")

    def test_nothing_is_taken_without_tls(self):
        policies = [of["PolicyDocument"] for stack in (core(), runbooks()) for kind in ("SQS::QueuePolicy", "S3::BucketPolicy", "SNS::TopicPolicy") for of in stack.of_type(f"AWS::{kind}").values()]
        self.assertEqual(len(policies), 6)
        for policy in policies:
            plain = [s for s in statements(policy) if s["Effect"] == "Deny" and s.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}]
            self.assertEqual([statement["Principal"] for statement in plain], ["*"])


class Schedules(unittest.TestCase):
    def test_each_has_dead_letters_and_gives_up_before_the_next(self):
        schedules = org().of_type("AWS::Scheduler::Schedule")
        self.assertEqual(set(schedules), {"ScanSchedule", "TendSchedule"})
        for name, schedule in schedules.items():
            target = schedule["Target"]
            self.assertEqual(target["DeadLetterConfig"]["Arn"], "DeliveryDeadLetters.Arn", name)
            self.assertLessEqual(target["RetryPolicy"]["MaximumEventAgeInSeconds"], seconds(schedule), name)
            self.assertLessEqual(target["RetryPolicy"]["MaximumRetryAttempts"], 2, name)
        self.assertTrue(watched("InvocationDroppedCount", "ScheduleGroup", "session-warden"))

    def test_lambda_repeats_no_scan(self):
        (again,) = core().of_type("AWS::Lambda::EventInvokeConfig").values()
        self.assertEqual((again["MaximumRetryAttempts"], again["MaximumEventAgeInSeconds"]), (0, 60))


class Alarms(unittest.TestCase):
    def test_a_schedule_that_ends_in_silence_is_an_alarm(self):
        of_schedules = {"ScanSchedule": ("Missed", "LoginsScanned"), "TendSchedule": ("Untended", "AgendasTended")}
        self.assertEqual(set(of_schedules), set(org().of_type("AWS::Scheduler::Schedule")))
        for stack in orgs_of_each_cadence():
            for schedule, (name, metric) in of_schedules.items():
                alarm = stack.resources[name]
                self.assertEqual((alarm["TreatMissingData"], alarm["ComparisonOperator"], alarm["Statistic"]), ("breaching", "LessThanThreshold", "SampleCount"))
                self.assertEqual((alarm["MetricName"], alarm["Dimensions"]), (metric, [{"Name": "Org", "Value": stack.parameters["OrgId"]}]))
                self.assertGreaterEqual(alarm["Period"], 2 * seconds(stack.resources[schedule]), "one that is late is no alarm yet")

    def test_what_each_scan_tells_is_not_taken_for_better_between_two_scans(self):
        for stack in orgs_of_each_cadence():
            told = [alarm for alarm in stack.of_type("AWS::CloudWatch::Alarm").values() if alarm.get("MetricName") in ("ApiCallsLeftPercent", "Blind", "LagSeconds")]
            self.assertEqual(len(told), 3)
            for alarm in told:
                spans = alarm["Period"] >= 2 * seconds(stack.resources["ScanSchedule"])
                self.assertTrue(spans or alarm["TreatMissingData"] == "ignore", alarm["AlarmName"])

    def test_the_schedules_rhythm_is_no_gap_in_the_watch(self):
        (minutes,) = re.findall(r"const PAUSE: SignedDuration = SignedDuration::from_mins\((\d+)\);", (ROOT / "shared/src/stages/watched.rs").read_text())
        for stack in orgs_of_each_cadence():
            # A scan is late by up to a minute: that is how exactly Scheduler starts it.
            self.assertLessEqual(seconds(stack.resources["ScanSchedule"]) + 60, 60 * int(minutes))

    def test_every_function_is_watched_and_every_alarm_tells_people(self):
        for function in core().of_type("AWS::Lambda::Function").values():
            for metric in ("Errors", "Throttles"):
                self.assertTrue(watched(metric, "FunctionName", function["FunctionName"]))
        for alarm in alarms():
            self.assertEqual(alarm["AlarmActions"], ["NotificationsTopic"])
            self.assertEqual(alarm["AlarmActions"], alarm["OKActions"])

    def test_messages_of_a_batch_that_fail_are_an_alarm(self):
        for function, queue, at_once in (("revoke-sessions", "ContainmentQueue", True), ("evaluate-activity", "ObservationsQueue", False)):
            (alarm,) = [of for of in alarms() if of.get("MetricName") == "MessagesFailed" and of["Dimensions"][0]["Value"] == function]
            self.assertEqual((alarm["Statistic"], alarm["Threshold"]), ("Sum", 1))
            self.assertGreater(alarm["Period"] * alarm["EvaluationPeriods"], queues()[queue]["VisibilityTimeout"] + alarm["Period"], "else it would end between two attempts")
            (waits,) = [of for of in alarms() if of.get("MetricName") == "ApproximateAgeOfOldestMessage" and of["Dimensions"][0]["Value"] == queues()[queue]["QueueName"]]
            for first in range(1200, 1200 + alarm["Period"], 7):
                comes_again = [first + queues()[queue]["VisibilityTimeout"] * attempt for attempt in range(queues()[queue]["RedrivePolicy"]["maxReceiveCount"])]
                once, always = rings(alarm, [first]), rings(alarm, comes_again)
                self.assertEqual(once is not None, at_once, "what is judged when it comes again is no alarm; a containment does not wait")
                self.assertLess(always - first, waits["Threshold"], "the age of the message says it later")

    def test_api_calls_run_low_before_scanning_stops(self):
        (reserve,) = re.findall(r"const DEFAULT_RESERVE_PERCENT: u8 = (\d+);", (ROOT / "shared/src/salesforce/budget.rs").read_text())
        alarm = org().resources["ApiCallsLeft"]
        self.assertGreater(alarm["Threshold"], int(reserve))
        self.assertIn(f"at {reserve} % scanning stops", alarm["AlarmDescription"])
        # Scans that stop there tell nothing, which is no reason to be content.
        self.assertEqual(alarm["TreatMissingData"], "ignore")

    def test_every_alarm_has_its_line_for_who_is_called(self):
        lines = re.findall(r"^\| ((?:`…-[\w-]+`(?:, )?)+) \|", (ROOT / "docs/deploy.md").read_text(), re.MULTILINE)
        told = [suffix for line in lines for suffix in re.findall(r"`…(-[\w-]+)`", line)]
        names = [alarm["AlarmName"] for alarm in alarms()]
        for name in names:
            self.assertTrue(name.endswith(tuple(told)), name)
        for suffix in told:
            self.assertTrue(any(name.endswith(suffix) for name in names), suffix)

    def test_what_is_said_of_an_org_is_watched(self):
        for metric in ("LoginsScanned", "LagSeconds", "Blind", "ApiCallsLeftPercent", "ContainmentsNotVerified", "ContainmentsWaiting", "RowsRejected"):
            self.assertTrue(watched(metric, "Org", org().parameters["OrgId"]), metric)

    def test_every_rule_that_cannot_deliver_is_an_alarm(self):
        for stack in (core(), org()):
            for name, rule in stack.of_type("AWS::Events::Rule").items():
                if name != "SiemRule":
                    self.assertTrue(watched("FailedInvocations", "RuleName", rule["Name"]), name)
                for target in rule["Targets"]:
                    to = target.get("DeadLetterConfig", {"Arn": target["Arn"]})["Arn"]
                    self.assertEqual(to, "DeliveryDeadLetters.Arn", name)

    def test_what_an_alarm_looks_at_is_there(self):
        made = {rule["Name"]: rule["EventBusName"].removesuffix(".Name") for stack in (core(), org()) for rule in stack.of_type("AWS::Events::Rule").values()}
        buses = {id: bus["Name"] for stack in (core(), org()) for id, bus in stack.of_type("AWS::Events::EventBus").items()}
        named = {"FunctionName": {of["FunctionName"] for of in core().of_type("AWS::Lambda::Function").values()}}
        named |= {"QueueName": {queue["QueueName"] for queue in queues().values()}, "ScheduleGroup": {core().resources["Schedules"]["Name"]}}
        named |= {"TopicName": {core().resources["NotificationsTopic"]["TopicName"]}, "RuleName": set(made), "EventBusName": set(buses.values())}
        for metric in (metric for alarm in alarms() for metric in metrics(alarm)):
            looked_at = {of["Name"]: of["Value"] for of in metric["Dimensions"]}
            if metric["Namespace"] == "SessionWarden":
                continue
            for dimension, value in looked_at.items():
                self.assertIn(value, named[dimension], metric)
            if "RuleName" in looked_at:
                self.assertEqual(looked_at["EventBusName"], buses[made[looked_at["RuleName"]].split(".")[0]])

    def test_how_often_something_was_tried_is_told_as_it_is(self):
        words = {3: "three", 5: "five", 10: "ten", 20: "twenty"}
        for name, queue in queues().items():
            if "RedrivePolicy" in queue:
                (told,) = [a["AlarmDescription"] for a in alarms() if a["AlarmName"] == f"session-warden-{dashed(name)}"]
                self.assertRegex(told, rf"\b{words[queue['RedrivePolicy']['maxReceiveCount']]} (times|attempts)\b")


def dashed(queue):
    """The alarm on the dead letters of a queue is named as they are."""
    target = queues()[queue]["RedrivePolicy"]["deadLetterTargetArn"].removesuffix(".Arn")
    return queues()[target]["QueueName"].removeprefix("session-warden-").removesuffix(".fifo")


if __name__ == "__main__":
    unittest.main()
