"""What alarms and the dashboard look at is what the functions tell."""

import re
import sys
import unittest

from permissions import source_of
from templates import INFRA, org, watch

sys.path.insert(0, str(INFRA))
import cost

OF_AN_ORG = "custom metrics of an org that are"
FUNCTIONS = ["scan-login-history", "evaluate-activity", "revoke-sessions"]


def told():
    """The numbers that the functions tell of themselves, by function, and those that they tell of an org."""
    of_functions, of_orgs = set(), set()
    for function in FUNCTIONS:
        source = source_of(function)
        its_own = set(re.findall(r'of_function\([^;]*?count\("(\w+)"', source))
        of_functions |= {(function, name) for name in its_own}
        of_orgs |= set(re.findall(r'\("([A-Z][a-z]\w+)", ', source)) - its_own
    return of_functions, of_orgs


def alarmed():
    """What alarms look at, of our own: the dimension, what it is about, and the number."""
    alarms = [alarm for stack in (watch(), org()) for alarm in stack.of_type("AWS::CloudWatch::Alarm").values() if alarm.get("Namespace") == "SessionWarden"]
    return {(of["Name"], of["Value"], alarm["MetricName"]) for alarm in alarms for of in alarm["Dimensions"]}


class Metrics(unittest.TestCase):
    maxDiff = None

    def test_every_number_that_a_function_tells_of_itself_is_an_alarm(self):
        self.assertEqual({(about, name) for dimension, about, name in alarmed() if dimension == "Function"}, told()[0])

    def test_every_number_of_an_org_is_looked_at_and_every_one_that_is_looked_at_is_told(self):
        of_org = {name for dimension, _, name in alarmed() if dimension == "Org"}
        shown = set(re.findall(r'MetricName=\\"(\w+)\\"', watch().resources["Dashboard"]["DashboardBody"]))
        self.assertEqual(of_org | shown, told()[1])

    def test_as_many_numbers_are_told_as_the_costs_count(self):
        of_functions, of_orgs = told()
        always = {"LoginsScanned", "Blind", "LagSeconds", "ApiCallsLeftPercent", "ObservationsNew", "AgendasTended"}
        self.assertLessEqual(always, of_orgs)
        self.assertEqual(len(always), cost.ASSUMED[f"{OF_AN_ORG} told with every scan, evaluation or look at the agenda"])
        self.assertEqual(len(of_orgs - always), cost.ASSUMED[f"{OF_AN_ORG} told where there is something to tell"], sorted(of_orgs))
        self.assertEqual(len(of_functions), cost.ASSUMED["custom metrics of the functions, which tell what has failed"], sorted(of_functions))

    def test_what_an_alarm_misses_in_silence_is_told_also_where_it_is_nought(self):
        source = "".join(map(source_of, FUNCTIONS))
        told_always = set(re.findall(r'count_always\("(\w+)"', source)) | set(re.findall(r'count\("(\w+)", 1\)', source)) | set(re.findall(r'\.with\("(\w+)"', source))
        alarms = [alarm for stack in (watch(), org()) for alarm in stack.of_type("AWS::CloudWatch::Alarm").values()]
        for alarm in alarms:
            if alarm.get("Namespace") == "SessionWarden" and alarm["TreatMissingData"] != "notBreaching":
                self.assertIn(alarm["MetricName"], told_always)


if __name__ == "__main__":
    unittest.main()
