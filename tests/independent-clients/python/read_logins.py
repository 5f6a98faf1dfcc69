"""Reads every row of a query with simple-salesforce and prints how many there were and how long that took."""

import json
import time

from connect import asked, connect

given = asked()
org = connect(given["connection"])
began = time.monotonic()
count = sum(1 for _ in org.query_all_iter(given["soql"]))
print(json.dumps({"rows": count, "seconds": time.monotonic() - began}))
