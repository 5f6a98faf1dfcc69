"""What `sam` would send to AWS is whole, and moto makes stacks of it."""

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import warnings
from pathlib import Path

import boto3
import yaml
from botocore.config import Config
from cfnlint.decode import cfn_yaml
from moto.server import ThreadedMotoServer

from local_stack import of_moto
from templates import ACCOUNT, INFRA, ROLES, translate

FUNCTIONS = ["scan-login-history", "evaluate-activity", "revoke-sessions"]


class Deployment(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        cls.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
        cls.server.start()
        host, port = cls.server.get_host_and_port()
        cls.before = dict(os.environ)
        os.environ.update(AWS_ENDPOINT_URL=f"http://{host}:{port}", AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="a", SAM_CLI_TELEMETRY="0")
        boto3.client("s3").create_bucket(Bucket="code-of-functions")
        cls.packaged = cls.package()

    @classmethod
    def tearDownClass(cls):
        os.environ.clear()
        os.environ.update(cls.before)
        cls.server.stop()

    @classmethod
    def package(cls):
        """Has sam package the templates, with functions that do nothing."""
        with tempfile.TemporaryDirectory() as at:
            shutil.copytree(INFRA, f"{at}/infra")
            for function in FUNCTIONS:
                Path(f"{at}/target/lambda/{function}").mkdir(parents=True)
                Path(f"{at}/target/lambda/{function}/bootstrap").write_text(function)
            sam = Path(sys.executable).parent / "sam"
            command = [sam, "package", "--template-file", f"{at}/infra/template.yaml", "--s3-bucket", "code-of-functions"]
            subprocess.run([*command, "--output-template-file", f"{at}/packaged.yaml", "--region", "us-east-1"], check=True, capture_output=True)
            return json.loads(json.dumps(cfn_yaml.load(f"{at}/packaged.yaml")))

    def test_code_nested_stacks_and_documents_are_uploaded(self):
        resources = self.packaged["Resources"]
        code = {of["Properties"]["CodeUri"] for of in resources.values() if of["Type"] == "AWS::Serverless::Function"}
        self.assertEqual(len(code), len(FUNCTIONS))
        runbooks = self.uploaded(resources["Runbooks"]["Properties"]["TemplateURL"])
        documents = [of["Properties"]["Content"] for of in runbooks["Resources"].values() if of["Type"] == "AWS::SSM::Document"]
        self.assertEqual(len(documents), 7)
        for content in documents:
            self.assertEqual(self.uploaded(content["Fn::Transform"]["Parameters"]["Location"])["schemaVersion"], "0.3")

    def uploaded(self, location):
        bucket, key = location.split("/")[-2:]
        return yaml.safe_load(boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())

    def test_moto_makes_the_core(self):
        core = translate(self.packaged)
        core["Resources"] = of_moto(core["Resources"])
        options = {"CommandSenders": ",".join(ROLES), "RunbookApprovers": ",".join(ROLES)}
        options |= {"SiemBusArn": f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/siem"}
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in options.items()]
        # On a busy machine moto takes its time, and a repetition would find the stack there.
        stacks = boto3.client("cloudformation", config=Config(read_timeout=600, retries={"max_attempts": 0}))
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="Tried to parse")
            stacks.create_stack(StackName="core", TemplateBody=json.dumps(core), Parameters=given, Capabilities=["CAPABILITY_NAMED_IAM"])
        (stack,) = stacks.describe_stacks(StackName="core")["Stacks"]
        self.assertEqual(stack["StackStatus"], "CREATE_COMPLETE")
        tables = sorted(boto3.client("dynamodb").list_tables()["TableNames"])
        self.assertEqual(tables, [f"session-warden-{name}" for name in ("contain", "evaluate", "people", "scan")])
        url = boto3.client("sqs").get_queue_url(QueueName="session-warden-containment")["QueueUrl"]
        attributes = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self.assertIn("session-warden-containment-dead-letters", attributes["RedrivePolicy"])
        events = boto3.client("events")
        for bus in ("findings", "commands"):
            on = {"EventBusName": f"session-warden-{bus}"}
            (target,) = events.list_targets_by_rule(Rule=f"session-warden-{bus}", **on)["Targets"]
            self.assertEqual(target["Arn"], attributes["QueueArn"])
        mappings = boto3.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        self.assertEqual(len(mappings), 2)


if __name__ == "__main__":
    unittest.main()
