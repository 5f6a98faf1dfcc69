"""What alarms and the dashboard look at is what the functions tell."""

import re
import sys
import unittest

from permissions import source_of
from templates import INFRA, org, watch

sys.path.insert(0, str(INFRA))
import cost

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

    def test_as_many_numbers_are_told_as_the_costs_count(self):
        of_functions, of_orgs = set(), set()
        for function in FUNCTIONS:
            source = source_of(function)
            its_own = set(re.findall(r'of_function\([^;]*?count\("(\w+)"', source))
            of_functions |= {(function, name) for name in its_own}
            of_orgs |= set(re.findall(r'\("([A-Z][a-z]\w+)", ', source)) - its_own
        self.assertEqual(len(of_orgs), cost.ASSUMED["custom metrics of an org"], sorted(of_orgs))
        self.assertEqual(len(of_functions), cost.ASSUMED["custom metrics of the functions"], sorted(of_functions))


if __name__ == "__main__":
    unittest.main()
