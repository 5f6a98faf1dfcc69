"""What a run has recorded is held against the roles, and what is not granted or not asked for is told by its name."""

import json
import unittest

import observed
from templates import ORG, core, org


def line(function, action, resource):
    """As the proxy records it."""
    service, operation = action.split(":")
    id = resource.split(".")[0]
    of = (core().resources | org().resources).get(id, {})
    about = {
        "dynamodb": lambda: of["TableName"],
        "events": lambda: f"arn:aws:events:eu-central-1:123456789012:event-bus/{of['Name']}",
        "s3": lambda: f"/core-evidencebucket-1/heads/{ORG}/000000000042.json",
        "secretsmanager": lambda: of["Name"].replace(ORG, "00D000000000009EAA"),
        "sns": lambda: f"arn:aws:sns:eu-central-1:123456789012:{of['TopicName']}",
        "sqs": lambda: f"http://127.0.0.1:1/123456789012/{of['QueueName']}",
    }[service]()
    operation = {"PutObject": "PUT"}.get(operation, operation)
    return json.dumps({"by": function, "service": service, "operation": operation, "part": None, "about": about})


def everything():
    return sorted(grant for grant in observed.grants() if grant[1] not in observed.BY_OTHERS)


class Record(unittest.TestCase):
    maxDiff = None

    def test_a_run_that_asks_for_what_is_granted_is_right(self):
        self.assertGreater(len(everything()), 20)
        self.assertEqual(observed.complaints([line(*grant) for grant in everything()]), [])

    def test_what_is_granted_and_not_asked_for_is_told(self):
        for missing in everything():
            (told,) = observed.complaints([line(*grant) for grant in everything() if grant != missing])
            self.assertEqual(told, "{} is granted {} on {}, and has not asked for it".format(*missing))

    def test_what_is_asked_for_and_not_granted_is_told(self):
        for call in (
            ("evaluate-activity", "dynamodb:UpdateItem", "PeopleTable.Arn"),
            ("scan-login-history", "dynamodb:GetItem", "EvaluateTable.Arn"),
            ("scan-login-history", "dynamodb:BatchGetItem", "ScanTable.Arn"),
            ("revoke-sessions", "secretsmanager:GetSecretValue", "ScannerSecret"),
            ("evaluate-activity", "sqs:SendMessage", "ContainmentQueue.Arn"),
        ):
            (told,) = observed.complaints([line(*grant) for grant in [*everything(), call]])
            self.assertEqual(told, "{} asked for {} on {}, which nothing grants it".format(*call))

    def test_a_part_of_a_transaction_is_a_call_and_what_nobody_knows_is_told(self):
        for change, told in (
            ({"operation": "TransactWriteItems", "part": "ConditionCheck"}, "dynamodb:ConditionCheckItem on ContainTable.Arn"),
            ({"operation": "TransactWriteItems", "part": "Delete", "about": "elsewhere"}, "dynamodb:DeleteItem on elsewhere"),
            ({"operation": "TransactGetItems", "part": "Get", "about": None}, "dynamodb:Get on ?"),
            ({"service": "s3", "operation": "DELETE", "about": "/core-evidencebucket-1/heads/a"}, "s3:DeleteObject on EvidenceBucket.Arn/heads/a"),
            ({"service": "secretsmanager", "operation": "GetSecretValue", "about": "other"}, "secretsmanager:GetSecretValue on other"),
            ({"service": "sts", "operation": "POST", "about": None}, "sts:POST on ?"),
        ):
            call = json.loads(line("revoke-sessions", "dynamodb:GetItem", "ContainTable.Arn")) | change
            (complaint,) = observed.complaints([*(line(*grant) for grant in everything()), json.dumps(call)])
            self.assertIn(told, complaint)

    def test_the_tests_own_calls_are_no_functions(self):
        own = json.loads(line("evaluate-activity", "dynamodb:UpdateItem", "PeopleTable.Arn")) | {"by": "test"}
        self.assertEqual(observed.asked([json.dumps(own)]), set())


if __name__ == "__main__":
    unittest.main()
