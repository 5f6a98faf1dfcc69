"""What alarms and the dashboard look at is what the functions tell."""

import re
import unittest

from permissions import source_of
from templates import org, watch

FUNCTIONS = ["scan-login-history", "evaluate-activity", "revoke-sessions"]


class Metrics(unittest.TestCase):
    def test_every_number_that_is_looked_at_is_told(self):
        source = "".join(map(source_of, FUNCTIONS))
        looked_at = set(re.findall(r'MetricName=\\"(\w+)\\"', watch().resources["Dashboard"]["DashboardBody"]))
        for stack in (watch(), org()):
            for alarm in stack.of_type("AWS::CloudWatch::Alarm").values():
                if alarm.get("Namespace") == "SessionWarden":
                    looked_at.add(alarm["MetricName"])
                    for dimension in alarm["Dimensions"]:
                        self.assertTrue(dimension["Name"] == "Org" or dimension["Value"] in FUNCTIONS)
        self.assertGreaterEqual(len(looked_at), 12)
        for name in looked_at:
            self.assertTrue(f'"{name}"' in source, f"nobody tells {name}")


if __name__ == "__main__":
    unittest.main()
