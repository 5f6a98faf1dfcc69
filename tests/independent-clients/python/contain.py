"""Ends the same access with simple-salesforce as a script does: one call after the other, and no second look."""

import json
import time

from connect import asked, connect
from simple_salesforce.exceptions import SalesforceError

# Salesforce gives out no more tokens than this at once.
MOST = 2_500


def revoke(org, token):
    org.session.post(f"https://{org.sf_instance}/services/oauth2/revoke", data={"token": token})


def delete(org, session):
    try:
        org.AuthSession.delete(session)
    except SalesforceError:
        pass  # A parent has taken it along.


def tokens(org, where):
    return [row["DeleteToken"] for row in org.query_all_iter(f"SELECT DeleteToken FROM OauthToken WHERE {where}")]


def main():
    given = asked()
    org = connect(given["connection"])
    began = time.monotonic()
    done = {"sessions": 0, "tokens": 0}
    if given["what"] == "user":
        user = given["user"]
        state = org.query(f"SELECT Id FROM UserLogin WHERE UserId = '{user}'")["records"][0]["Id"]
        org.UserLogin.update(state, {"IsFrozen": True})
        where = f" WHERE UsersId = '{user}'"
    else:
        where = " WHERE IsCurrent = false"
    if given["what"] in ("user", "app"):
        mine = f"UserId = '{given['user']}'" if given["what"] == "user" else f"AppName = '{given['app']}'"
        while True:
            found = tokens(org, mine)
            for token in found:
                revoke(org, token)
            done["tokens"] += len(found)
            if len(found) < MOST:
                break
    if given["what"] in ("user", "org"):
        for row in org.query_all_iter(f"SELECT Id FROM AuthSession{where}"):
            delete(org, row["Id"])
            done["sessions"] += 1
    done["seconds"] = time.monotonic() - began
    print(json.dumps(done))


main()
