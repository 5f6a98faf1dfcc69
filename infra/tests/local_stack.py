"""Makes the core's stack and that of one org in moto at AWS_ENDPOINT_URL, as the templates say, and prints what its parts are called.

Usage: local_stack.py ORG-ID
"""

import json
import sys

import boto3
from botocore.config import Config
from cfnlint.decode import cfn_yaml

from templates import INFRA, ORG, RELAY, Stack, translate

# What moto cannot make; the tests beside this one look at it in the template. A kind that is not here must work.
UNKNOWN = {"CloudFormation::Stack", "Events::EventBusPolicy", "Lambda::EventInvokeConfig", "S3::BucketPolicy", "SNS::Subscription"}
UNKNOWN |= {"SNS::TopicPolicy", "SQS::QueuePolicy", "Scheduler::ScheduleGroup"}
# A rule to a topic: moto's bus fails where it should send there.
NOT_DELIVERED = {"FoundRule"}


def of_moto(resources):
    return {id: of for id, of in resources.items() if of["Type"].removeprefix("AWS::") not in UNKNOWN and id not in NOT_DELIVERED}


def make(name, template):
    """Creates a stack; answers its outputs and exports."""
    template["Resources"] = of_moto(template["Resources"])
    # On a busy machine moto takes its time, and a repetition would find the stack there.
    stacks = boto3.client("cloudformation", config=Config(read_timeout=600, retries={"max_attempts": 0}))
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"])
    (stack,) = stacks.describe_stacks(StackName=name)["Stacks"]
    if stack["StackStatus"] != "CREATE_COMPLETE":
        sys.exit(f"the stack {name} is {stack['StackStatus']}")
    exports = {output["ExportName"]: output["OutputValue"] for output in stack["Outputs"] if "ExportName" in output}
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}, exports


def source(name):
    return json.loads(json.dumps(cfn_yaml.load(str(INFRA / name))))


def functions():
    """What each is started with, and what its queue delivers to it."""
    made = boto3.client("cloudformation").list_stack_resources(StackName="core")["StackResourceSummaries"]
    made = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in made}
    stack, found = Stack("template.yaml", {}), {}
    # Moto has no id for a bus.
    made |= {id: of["Name"] for id, of in stack.of_type("AWS::Events::EventBus").items()}
    for of in stack.of_type("AWS::Lambda::Function").values():
        variables = {name: made.get(value, value) for name, value in of["Environment"]["Variables"].items()}
        found[of["FunctionName"]] = {"variables": variables, "queue": None, "batch_size": None}
    functions = boto3.client("lambda")
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        queue = boto3.client("sqs").get_queue_url(QueueName=mapping["EventSourceArn"].split(":")[-1])["QueueUrl"]
        found[mapping["FunctionArn"].split(":")[6]] |= {"queue": queue, "batch_size": mapping["BatchSize"]}
        # Moto would start the function itself, in Docker; the tests deliver.
        functions.delete_event_source_mapping(UUID=mapping["UUID"])
    return {name.removeprefix("session-warden-"): of for name, of in found.items()}


def parts_of(org, exports):
    """The secrets, schedules and relay of an org: moto makes none of them from a template, so they are made of what it says."""
    stack = Stack("org.yaml", {"OrgId": org, "PartnerEventSource": RELAY.replace(ORG, org)}, exports)
    secrets = [of["Name"] for of in stack.of_type("AWS::SecretsManager::Secret").values()]
    for name in secrets:
        boto3.client("secretsmanager").create_secret(Name=name)
    schedules = stack.of_type("AWS::Scheduler::Schedule")
    inputs = {name.removesuffix("Schedule").lower(): of["Target"]["Input"] for name, of in schedules.items()}
    events, rule = boto3.client("events"), stack.resources["RelayRule"]
    # A name with slashes is more than moto knows.
    events.create_event_bus(Name="relay")
    events.put_rule(Name=rule["Name"], EventBusName="relay", EventPattern=json.dumps(rule["EventPattern"]))
    events.put_targets(Rule=rule["Name"], EventBusName="relay", Targets=rule["Targets"])
    return {"schedules": inputs, "secrets": secrets, "relay": {"bus": "relay", "source": stack.resources["RelayBus"]["Name"]}}


def main(org):
    boto3.client("s3").create_bucket(Bucket="code-of-functions", CreateBucketConfiguration={"LocationConstraint": boto3.session.Session().region_name})
    boto3.client("s3").put_object(Bucket="code-of-functions", Key="code.zip", Body=b"PK\5\6" + bytes(18))
    outputs, exports = make("core", translate(source("template.yaml")))
    json.dump({"functions": functions(), "outputs": outputs} | parts_of(org, exports), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
