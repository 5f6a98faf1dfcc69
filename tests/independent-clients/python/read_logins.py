"""Reads every row of a query with simple-salesforce, by pages or by a job of Bulk API 2.0, and prints how many there were and how long that took."""

import csv
import io
import json
import time

from connect import asked, connect



def rows(org, soql, way):
    if way == "pages":
        yield from org.query_all_iter(soql)
    else:
        for part in org.bulk2.LoginHistory.query(soql, max_records=10_000, wait=0.1):
            yield from csv.DictReader(io.StringIO(part))


given = asked()
org = connect(given["connection"])
began = time.monotonic()
count = sum(1 for _ in rows(org, given["soql"], given["way"]))
print(json.dumps({"rows": count, "seconds": time.monotonic() - began}))
