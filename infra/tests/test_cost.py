"""The cost page says what the templates cost."""

import re
import sys
import unittest

from templates import INFRA, ROOT

sys.path.insert(0, str(INFRA))
import cost


class Page(unittest.TestCase):
    maxDiff = None

    def test_it_is_what_the_script_writes(self):
        text = cost.PAGE.read_text()
        self.assertIn(cost.BEGIN, text)
        self.assertEqual(text, cost.page(text), "write it with: .tools/venv/bin/python infra/cost.py")

    def test_every_service_of_the_templates_has_a_price(self):
        free = {"Serverless", "IAM", "CloudFormation"}
        priced = {"Lambda", "SQS", "Events", "Scheduler", "DynamoDB", "KMS", "SecretsManager", "CloudWatch", "Logs", "S3", "SNS"}
        kinds = {kind.split("::")[1] for stack in (cost.core(), cost.org(), cost.watch()) for kind in stack.types.values()}
        self.assertEqual(kinds - free, priced)
        self.assertEqual({what for what, _ in cost.month(1_000_000)[1]}, set(cost.PRICES))

    def test_messages_are_cut_where_the_code_cuts_them(self):
        source = (ROOT / "shared/src/stages/sending.rs").read_text()
        (bytes_,) = re.findall(r"const MESSAGE_BYTES: usize = (\d+) \* 1024;", source)
        self.assertEqual(int(bytes_) * 1024, cost.MESSAGE_BYTES)

    def test_the_tail_is_what_the_code_keeps(self):
        source = (ROOT / "shared/src/detection/state.rs").read_text()
        minutes = {name: int(minutes) for name, minutes in re.findall(r"const (\w+): SignedDuration = SignedDuration::from_mins\((\d+)\);", source)}
        (most,) = re.findall(r"const MOST_WAITING: usize = ([\d_]+);", source)
        self.assertEqual((minutes["OVERLAP"], minutes["STRIDE"], int(most)), (cost.OVERLAP_MINUTES, cost.STRIDE_MINUTES, cost.MOST_WAITING))

    def test_more_logins_cost_more_and_the_settings_count(self):
        sums = [sum(count * cost.PRICES[what] for what, count in cost.month(size)[1]) for size in (1, 10_000, 1_000_000, 100_000_000)]
        self.assertEqual(sums, sorted(sums))
        said = cost.settings()
        self.assertEqual(said["scans"], 30 * 24 * 60)
        self.assertEqual(said["gigabytes"], {"ScanFunction": 0.25, "EvaluateFunction": 0.5, "RevokeFunction": 0.25})


if __name__ == "__main__":
    unittest.main()
