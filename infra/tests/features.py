"""What each function is to be built with: for each a line of its name and the features of `session-warden`, in order.

The tests build all functions at once, where each has the features of all; which of its own it lacks only a look at it alone can tell.
"""

import tomllib

from templates import ROOT, core

# What a variable of the template asks for. One that is not here must be added.
BY_VARIABLE = {
    "SSL_CERT_FILE": lambda _: None,
    "WARDEN_CONNECTION": lambda value: {"secretsmanager": "secrets-manager"}[value.split(":")[0]],
    "WARDEN_EVIDENCE_BUCKET": lambda _: "s3",
    "WARDEN_FINDINGS_BUS": lambda _: "eventbridge",
    "WARDEN_NOTICES_TOPIC": lambda _: "sns",
    "WARDEN_OBSERVATIONS_QUEUE": lambda _: "sqs",
    "WARDEN_STORE": lambda value: {"dynamodb": "dynamodb"}[value.split(":")[0]],
}
# The policy names them, and it lies in the store.
BY_POLICY = {"evaluate-activity": {"own-rules", "packs"}}


def with_parts(features):
    """With the features that these turn on."""
    known = tomllib.loads((ROOT / "shared/Cargo.toml").read_text())["features"]
    found, left = set(), set(features)
    while left:
        feature = left.pop()
        found.add(feature)
        left |= {part for part in known[feature] if ":" not in part} - found
    return found


def asked():
    """The features of each function, by its name without the prefix of the stack."""
    found = {}
    for of in core().of_type("AWS::Lambda::Function").values():
        name = of["FunctionName"].removeprefix("session-warden-")
        by_variable = {BY_VARIABLE[variable](value) for variable, value in of["Environment"]["Variables"].items()} - {None}
        found[name] = with_parts(by_variable | BY_POLICY.get(name, set()) | {"lambda"})
    return found


if __name__ == "__main__":
    for function, features in sorted(asked().items()):
        print(function, *sorted(features))
