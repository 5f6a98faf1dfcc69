#!/usr/bin/env python3
"""Writes the tables of docs/cost.md: what a month costs, from the settings of the templates, list prices and named assumptions."""

import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "tests"))
from templates import ROOT, core, org, watch

PAGE = ROOT / "docs/cost.md"
BEGIN, END = "<!-- what infra/cost.py writes begins -->", "<!-- what infra/cost.py writes ends -->"
DAYS = 30
SECONDS = DAYS * 24 * 3600

# US dollars, us-east-1, list prices of 2026-11, without any free tier.
PRICES = {
    "Lambda, arm64, GB-second": 0.0000133334,
    "Lambda, million requests": 0.20,
    "SQS FIFO, million requests": 0.50,
    "SQS standard, million requests": 0.40,
    "EventBridge, million custom events": 1.00,
    "EventBridge Scheduler, million invocations": 1.00,
    "DynamoDB on demand, million write units": 0.625,
    "DynamoDB on demand, million read units": 0.125,
    "DynamoDB storage, GB-month": 0.25,
    "DynamoDB point-in-time recovery, GB-month": 0.20,
    "KMS key, month": 1.00,
    "KMS, million requests": 3.00,
    "Secrets Manager secret, month": 0.40,
    "Secrets Manager, million calls": 5.00,
    "CloudWatch alarm on one metric, month": 0.10,
    "CloudWatch custom metric, month": 0.30,
    "CloudWatch dashboard, month": 3.00,
    "CloudWatch Logs, GB taken in": 0.50,
    "S3, million PUTs": 5.00,
    "SNS, million notifications by e-mail": 20.00,
}

# What the templates do not say. Each is a round figure, and the first ones decide the sum.
ASSUMED = {
    "records that a login changes, where a stride writes each once": 0.22,
    "write units of a record, of at most 1 KB packed": 1,
    "write units of a login in the tail, which is written in a transaction": 0.05,
    "write units of an evaluation, besides its logins": 15,
    "records that a login reads": 0.25,
    "read units of a record, of at most 4 KB packed": 1,
    "write units of a scan, besides its logins": 4,
    "read units of a scan, besides its logins": 10,
    "logins of one org a day, at most": 5_000_000,
    "bytes of a login in a message": 500,
    "seconds of a scan, besides its logins": 1.5,
    "seconds of a scan for a thousand logins": 0.5,
    "seconds of an evaluation, besides its logins": 0.3,
    "seconds of an evaluation for a thousand logins": 1.0,
    "seconds of judging a thousand logins of the tail again": 0.1,
    "seconds of a look at the agenda": 1.0,
    "findings for a million logins": 50,
    "containments for a million logins": 5,
    "seconds of a containment": 20,
    "kilobytes in the log for an invocation": 1.5,
    "stored gigabytes for a million logins a day": 2.0,
    "custom metrics of an org that are told with every scan, evaluation or look at the agenda": 6,
    "custom metrics of an org that are told where there is something to tell": 15,
    "custom metrics of the functions, which tell what has failed": 4,
    "share of hours in which such a metric is told, besides findings and containments": 0.2,
    "hours in which a metric is told because of a finding or a containment": 3,
    "idle polls of a queue a second": 0.25,
    "KMS requests of a warm function an hour": 30,
}
# What a month at so many logins a day was to cost.
AIM, AIMED_AT = 25, 1_000_000
# The first figures were counted with 3,000 people; with 10,000 a stride has fewer logins of each.
MANY_PEOPLE, MANY_CHANGE, MANY_READ = 10_000, 0.35, 0.6
# One SQS request carries so much.
REQUEST_BYTES = 64 * 1024
# Where shared/src/stages/sending.rs cuts a message; the tests compare.
MESSAGE_BYTES = 200 * 1024
# What shared/src/detection/state.rs keeps in the tail; the tests compare.
OVERLAP_MINUTES, STRIDE_MINUTES, MOST_WAITING = 10, 30, 20_000


def settings():
    """What the templates say."""
    functions = core().of_type("AWS::Lambda::Function")
    schedules = org().of_type("AWS::Scheduler::Schedule")
    minutes = {name: int(of["ScheduleExpression"].removeprefix("rate(").split()[0]) for name, of in schedules.items()}
    return {
        "gigabytes": {name: of["MemorySize"] / 1024 for name, of in functions.items()},
        "scans": SECONDS / 60 / minutes["ScanSchedule"],
        "tends": SECONDS / 60 / minutes["TendSchedule"],
        "alarmed metrics of the core": alarmed(watch()),
        "alarmed metrics of an org": alarmed(org()),
        "secrets of an org": len(org().of_type("AWS::SecretsManager::Secret")),
        "keys": len(core().of_type("AWS::KMS::Key")),
        "dashboards": len(watch().of_type("AWS::CloudWatch::Dashboard")),
        "polled queues": len(core().of_type("AWS::Lambda::EventSourceMapping")),
    }


def alarmed(stack):
    return sum(max(1, sum("MetricStat" in part for part in alarm.get("Metrics", []))) for alarm in stack.of_type("AWS::CloudWatch::Alarm").values())


def month(logins_a_day):
    """The lines of a month: what, how many, at which price."""
    said, a = settings(), ASSUMED
    orgs = math.ceil(logins_a_day / a["logins of one org a day, at most"])
    logins = logins_a_day * DAYS
    scans, tends = said["scans"] * orgs, said["tends"] * orgs
    bytes_a_scan = logins / scans * a["bytes of a login in a message"]
    # A scan that sees anything sends at least one message; rare logins come one by one.
    messages = min(logins, scans * math.ceil(bytes_a_scan / MESSAGE_BYTES))
    chunks = math.ceil(logins * a["bytes of a login in a message"] / messages / REQUEST_BYTES) * messages
    findings = logins / 1e6 * a["findings for a million logins"]
    containments = logins / 1e6 * a["containments for a million logins"]
    # A metric is paid for in the hours in which it is told.
    told = (findings + containments) * a["hours in which a metric is told because of a finding or a containment"] / (24 * DAYS)
    seldom, share = a["custom metrics of an org that are told where there is something to tell"], a["share of hours in which such a metric is told, besides findings and containments"]
    metrics = min(orgs * seldom * share + told, orgs * seldom) + orgs * a["custom metrics of an org that are told with every scan, evaluation or look at the agenda"]
    metrics += share * a["custom metrics of the functions, which tell what has failed"]
    gb = said["gigabytes"]
    # What lies in the queue at once is one batch.
    evaluations = min(messages, scans)
    a_minute = logins / orgs / DAYS / 24 / 60
    tail = OVERLAP_MINUTES * a_minute + min(STRIDE_MINUTES * a_minute, MOST_WAITING) / 2
    busy = {
        "ScanFunction": scans * a["seconds of a scan, besides its logins"] + logins / 1e3 * a["seconds of a scan for a thousand logins"],
        "EvaluateFunction": messages * a["seconds of an evaluation, besides its logins"]
        + logins / 1e3 * a["seconds of an evaluation for a thousand logins"]
        + evaluations * tail / 1e3 * a["seconds of judging a thousand logins of the tail again"],
        "RevokeFunction": tends * a["seconds of a look at the agenda"] + containments * a["seconds of a containment"] + findings,
    }
    invocations = scans + messages + tends + findings
    polls = a["idle polls of a queue a second"] * SECONDS
    written = a["records that a login changes, where a stride writes each once"] * a["write units of a record, of at most 1 KB packed"]
    written += a["write units of a login in the tail, which is written in a transaction"]
    read = a["records that a login reads"] * a["read units of a record, of at most 4 KB packed"]
    stored = logins_a_day / 1e6 * a["stored gigabytes for a million logins a day"]
    return orgs, [
        ("Lambda, arm64, GB-second", sum(seconds * gb[name] for name, seconds in busy.items())),
        ("Lambda, million requests", invocations / 1e6),
        ("SQS FIFO, million requests", (2 * chunks + messages + polls) / 1e6),
        ("SQS standard, million requests", (3 * (tends + findings) + polls) / 1e6),
        ("EventBridge, million custom events", (findings + containments) / 1e6),
        ("EventBridge Scheduler, million invocations", (scans + tends) / 1e6),
        ("DynamoDB on demand, million write units", (logins * written + evaluations * a["write units of an evaluation, besides its logins"] + scans * a["write units of a scan, besides its logins"]) / 1e6),
        ("DynamoDB on demand, million read units", (logins * read + scans * a["read units of a scan, besides its logins"]) / 1e6),
        ("DynamoDB storage, GB-month", stored),
        ("DynamoDB point-in-time recovery, GB-month", stored),
        ("KMS key, month", said["keys"]),
        ("KMS, million requests", 3 * orgs * a["KMS requests of a warm function an hour"] * 24 * DAYS / 1e6),
        ("Secrets Manager secret, month", said["secrets of an org"] * orgs),
        ("Secrets Manager, million calls", 2 * orgs * 12 * 24 * DAYS / 1e6),
        ("CloudWatch alarm on one metric, month", said["alarmed metrics of the core"] + orgs * said["alarmed metrics of an org"]),
        ("CloudWatch custom metric, month", metrics),
        ("CloudWatch dashboard, month", said["dashboards"]),
        ("CloudWatch Logs, GB taken in", invocations * a["kilobytes in the log for an invocation"] / 1e6),
        ("S3, million PUTs", containments / 1e6),
        ("SNS, million notifications by e-mail", (containments + 10 * DAYS) / 1e6),
    ]


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:,.2f}" if value >= 0.01 else f"{value:.4f}"


def tables():
    sizes = [10_000, 1_000_000, 100_000_000]
    months = [month(size) for size in sizes]
    lines = ["| A month of 30 days, USD | Price | " + " | ".join(f"{size:,} logins a day | is" for size in sizes) + " |", "|:--|--:|" + "--:|--:|" * 3]
    for row in zip(*(lines_ for _, lines_ in months)):
        what = row[0][0]
        cells = " | ".join(f"{number(count)} | {count * PRICES[what]:,.2f}" for _, count in row)
        lines.append(f"| {what} | {PRICES[what]:.10g} | {cells} |")
    totals = [sum(count * PRICES[what] for what, count in lines_) for _, lines_ in months]
    lines.append("| **Sum** | | " + " | ".join(f"| **{total:,.2f}**" for total in totals) + " |")
    lines.append("| Orgs | | " + " | ".join(f"{orgs} | " for orgs, _ in months) + " |")
    assumed = ["| Assumed | |", "|:--|--:|", *(f"| {what} | {value:,} |" for what, value in ASSUMED.items())]
    return "\n".join([*lines, "", *assumed]), dict(zip(sizes, totals))


def aim():
    """Whether the month keeps to the aim, and where its money goes."""
    lines = {what: count * PRICES[what] for what, count in month(AIMED_AT)[1]}
    total, writes, reads = sum(lines.values()), lines["DynamoDB on demand, million write units"], lines["DynamoDB on demand, million read units"]
    watching = sum(cost for what, cost in lines.items() if what.startswith("CloudWatch"))
    many_units = [(MANY_CHANGE, "records that a login changes, where a stride writes each once", "write"), (MANY_READ, "records that a login reads", "read")]
    many = sum((a_login - ASSUMED[what]) * AIMED_AT * DAYS / 1e6 * PRICES[f"DynamoDB on demand, million {unit} units"] for a_login, what, unit in many_units)
    return (
        f"**The aim of {AIM} USD a month at {AIMED_AT:,} logins a day is {'met' if total < AIM else 'not met'}**: it is {total:,.2f}, of which {writes:,.2f} are "
        f"what DynamoDB takes\nfor writing, {reads:,.2f} for reading, and {watching:,.2f} are metrics, alarms, dashboard and logs. Where the logins are those of {MANY_PEOPLE:,} "
        f"people, a login changes {MANY_CHANGE} records\nand reads {MANY_READ}, and the month is {total + many:,.2f}."
    )


def page(text):
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{aim()}\n\n{tables()[0]}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
