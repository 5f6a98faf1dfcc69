"""Reads an org with simple-salesforce, ends sessions and a token in it, and prints what came of each step as JSON."""

import csv
import json

from connect import asked, connect, transport
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceError


def holder(document, session_id):
    """Somebody with an access token and no key: where that ends, the library cannot log in again by itself."""
    return Salesforce(
        instance_url=document["login_url"],
        session_id=session_id,
        version=document["api_version"],
        session=transport(document),
    )


def refusal(client):
    try:
        client.query("SELECT Id FROM User LIMIT 1")
    except SalesforceError as error:
        return type(error).__name__
    return None


def main():
    given = asked()
    document, before = given["connection"], given["before"]
    org = connect(document)

    def ids(soql):
        return [row["Id"] for row in org.query_all_iter(soql)]

    done = {}
    window = f"FROM LoginHistory WHERE LoginTime < {before}"
    done["counted"] = org.query(f"SELECT COUNT() {window}")["totalSize"]
    done["logins"] = ids(f"SELECT Id, LoginTime {window} ORDER BY LoginTime, Id")
    parts = org.bulk2.LoginHistory.query(f"SELECT Id, LoginTime {window} ORDER BY LoginTime, Id", max_records=1000)
    done["job_logins"] = [row["Id"] for part in parts for row in csv.DictReader(part.splitlines())]
    done["sessions"] = ids("SELECT Id, UsersId FROM AuthSession")

    visitor = holder(document, connect(document).session_id)
    current = visitor.query("SELECT Id FROM AuthSession WHERE IsCurrent = true")
    done["own_session"] = current["records"][0]["Id"]
    done["alive"] = refusal(visitor)
    done["ended_own"] = org.AuthSession.delete(done["own_session"]) == 204
    done["dead"] = refusal(visitor)

    done["ended_one"] = org.AuthSession.delete(given["end_one"]) == 204
    many = {"ids": ",".join(given["end_many"]), "allOrNone": "false"}
    results = org.restful("composite/sobjects", params=many, method="DELETE")
    done["ended_many"] = [result["success"] for result in results]

    tokens = org.query_all(f"SELECT AppName, DeleteToken FROM OauthToken WHERE UserId = '{given['revoke_of']}'")
    done["tokens"] = tokens["totalSize"]
    revoke(org, tokens["records"][0]["DeleteToken"])

    own = holder(document, org.session_id)
    revoke(org, org.session_id)
    done["logged_out"] = refusal(own)
    print(json.dumps(done))


def revoke(org, token):
    # The library's own `oauth2` would write the token into the URL.
    org.session.post(f"{org.oauth2_url}revoke", data={"token": token}).raise_for_status()


main()
