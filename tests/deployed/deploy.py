"""Deploys the templates to an emulated AWS with `sam deploy`, and runs the journeys of this package against what came out.

`.ci/deployed` starts it; CONTRIBUTING.md, "Deployed on an emulated AWS", says what is proved by it and what is not.
"""

import argparse
import contextlib
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import time

import boto3
from samtranslator.yaml_helper import yaml_parse

from emulator import REGION, Emulator
from front_door import FrontDoor
from shims import Shims, expanded

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
# What parameters of template.yaml begin with that are one product's, and where that product's own template is.
PRODUCT, PRODUCT_TEMPLATE = "EasyWriter", "infra/easy-writer.yaml"
# One person registers more accounts here than one address may in an hour.
PARAMETERS = {"EasyWriterRateLimitRegister": "1000/60", "EasyWriterRateLimitLogin": "1000/60"}
# What Lambda does with a function's role by itself; the emulator does it without asking.
LAMBDAS_OWN = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}

timings = []


@contextlib.contextmanager
def step(name):
    print(f"== {name}", flush=True)
    begun = time.monotonic()
    yield
    timings.append((name, time.monotonic() - begun))


def run(*command, **options):
    subprocess.run([str(part) for part in command], check=True, cwd=ROOT, **options)


# ---------------------------------------------------------------------------------------------------------------------- what is built


def applications():
    """The nested templates of template.yaml."""
    root = yaml_parse((ROOT / "template.yaml").read_text())
    return [it["Properties"]["Location"] for it in root["Resources"].values() if it["Type"] == "AWS::Serverless::Application"]


def binaries(location=PRODUCT_TEMPLATE):
    """The binary of each function of a product, which is also the name of its package, by what its template calls the function."""
    found = {}
    for name, resource in yaml_parse((ROOT / location).read_text())["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            found[name] = resource["Metadata"]["BuildProperties"]["Binary"]
    return found


def build(profile, locations):
    packages = [part for location in locations for name in binaries(location).values() for part in ("--package", name)]
    run("cargo", "build", "--profile", profile, *packages)
    run("cargo", "build", "--package", "deployed")
    if profile == "release":
        run(sys.executable, "tests/cold-start/measure.py", "--check-sizes")


def lay_out(folder, profile, locations):
    """What `sam build` would write: the templates, and a folder with a `bootstrap` for each function."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "infra").mkdir(parents=True)
    for binary in [binary for location in locations for binary in binaries(location).values()]:
        (folder / binary).mkdir()
        bootstrap = folder / binary / "bootstrap"
        shutil.copy(TARGET / ("debug" if profile == "dev" else profile) / binary, bootstrap)
        if profile == "dev":
            # Nobody will look into it with a debugger, and Lambda takes no more than 250 MB.
            run("strip", bootstrap)
    for location in locations:
        text = (ROOT / location).read_text()
        for resource in yaml_parse(text)["Resources"].values():
            if resource["Type"] == "AWS::Serverless::Function":
                source, binary = resource["Properties"]["CodeUri"], resource["Metadata"]["BuildProperties"]["Binary"]
                text = text.replace(f"CodeUri: {source}\n", f"CodeUri: ../{binary}\n")
        (folder / location).write_text(text)
    shutil.copy(ROOT / "template.yaml", folder)


# ----------------------------------------------------------------------------------------------------------------- what is deployed


class Deployment:
    """A way to deploy the product, and the stack that comes of it."""

    def __init__(self, emulator, clients, folder, name, environment, template, nested):
        self.emulator, self.clients, self.folder = emulator, clients, folder
        self.name, self.environment, self.nested = name, environment, nested
        self.template = folder / "build" / template
        self.product = expanded(yaml_parse((folder / "build" / PRODUCT_TEMPLATE).read_text()), REGION)
        self.ids, self.outputs = {}, {}

    def deploy(self, parameters):
        if self.nested:
            root = self.template.read_text()
            for location in applications():
                # A copy beside the original, whose paths stay right.
                original = self.folder / "build" / location
                flat = original.with_suffix(".expanded.json")
                flat.write_text(json.dumps(expanded(yaml_parse(original.read_text()), REGION), indent=1))
                root = root.replace(f"Location: {location}\n", f"Location: infra/{flat.name}\n")
            template = self.template.with_name("template.expanded.yaml")
            template.write_text(root)
        else:
            template = self.template
            parameters = {name.removeprefix(PRODUCT): value for name, value in parameters.items()}
        overrides = [f"{name}={value}" for name, value in {"Environment": self.environment, **parameters}.items()]
        log = self.folder / f"deploy-{self.name}.log"
        command = [ROOT / ".ci/tool", "sam", "deploy", "--template-file", template, "--stack-name", self.name]
        command += ["--config-file", ROOT / "samconfig.toml", "--config-env", self.environment, "--no-progressbar"]
        with open(log, "a") as output:
            done = subprocess.run(
                [*command, "--parameter-overrides", *overrides], env={**os.environ, **self.emulator.environment()},
                cwd=self.folder, stdout=output, stderr=subprocess.STDOUT,
            )
        if done.returncode != 0:
            raise SystemExit(f"deployed: sam deploy failed:\n{log.read_text()}")
        self._look()

    def _look(self):
        """What the template calls a thing, and what the thing is called."""
        cloudformation = self.clients("cloudformation")
        stack = cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        print(f"   {self.name}: {stack['StackStatus']}", flush=True)
        if self.nested:
            parts = cloudformation.describe_stack_resources(StackName=self.name)["StackResources"]
            nested = next(it["PhysicalResourceId"] for it in parts if it["LogicalResourceId"] == PRODUCT)
            stack = cloudformation.describe_stacks(StackName=nested)["Stacks"][0]
        found = cloudformation.describe_stack_resources(StackName=stack["StackName"])["StackResources"]
        self.ids = {it["LogicalResourceId"]: it["PhysicalResourceId"] for it in found}
        self.outputs = {it["OutputKey"]: it["OutputValue"] for it in stack["Outputs"]}

    def of_type(self, kind):
        found = self.product["Resources"].items()
        return [(self.ids[name], it) for name, it in found if it["Type"] == kind and name in self.ids]

    def function_arn(self, name):
        return self.clients("lambda").get_function_configuration(FunctionName=self.ids[name])["FunctionArn"]

    def description(self):
        """What an operator's tools have to know; the journeys read it."""
        queues = [name for name, it in self.product["Resources"].items() if it["Type"] == "AWS::SQS::Queue"]
        sqs, environment = self.clients("sqs"), self.emulator.environment()
        return {
            "endpoint": self.emulator.url,
            "region": environment["AWS_REGION"],
            "access_key_id": environment["AWS_ACCESS_KEY_ID"],
            "secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
            "table": self.outputs["TableName"],
            "queues": {name: sqs.get_queue_url(QueueName=self.ids[name].rsplit("/", 1)[-1])["QueueUrl"] for name in queues},
            "functions": {binary: self.ids[name] for name, binary in binaries().items()},
        }

    def permissions(self):
        """What functions were refused, and what they are granted and never asked for."""
        roles = dict((self.ids[f"{name}Role"], name) for name in binaries())
        granted = {}
        for _, role in self.of_type("AWS::IAM::Role"):
            name = next(name for name in binaries() if role is self.product["Resources"][f"{name}Role"])
            for policy in role["Properties"].get("Policies", []):
                for statement in policy["PolicyDocument"]["Statement"]:
                    actions = statement["Action"]
                    for action in [actions] if isinstance(actions, str) else actions:
                        granted[name, statement["Sid"], action] = False
        refused = []
        for line in self.emulator.permissions.read_text().splitlines():
            asked = json.loads(line)
            if asked["role"] not in roles:
                continue
            name = roles[asked["role"]]
            if asked["decision"] == "allowed":
                granted[name, asked["sid"], asked["action"]] = True
            else:
                refused.append(f"{name} may not {asked['action']} {asked['resource']}")
        unused = [f"{name} never asks for {action} ({sid})" for (name, sid, action), used in granted.items()
                  if not used and action not in LAMBDAS_OWN]
        return refused, unused

    def delete(self):
        """Deletes the stack. What holds data must outlive it, the rest must not."""
        cloudformation = self.clients("cloudformation")
        stack = cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]["StackId"]
        cloudformation.delete_stack(StackName=self.name)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
        functions = {it["FunctionName"] for it in self.clients("lambda").list_functions()["Functions"]}
        left = functions & {name for name, _ in self.of_type("AWS::Lambda::Function")}
        if left:
            raise SystemExit(f"deployed: functions are left of {self.name}: {left}")
        # In nested stacks the emulator does not look at what is to be retained.
        if not self.nested and self.outputs["TableName"] not in self.clients("dynamodb").list_tables()["TableNames"]:
            raise SystemExit(f"deployed: the table of {self.name} is gone with its stack")

    def show_logs(self):
        """What the functions said that went wrong, latest last."""
        logs = self.clients("logs")
        for name, it in self.product["Resources"].items():
            if it["Type"] != "AWS::Logs::LogGroup":
                continue
            events = logs.filter_log_events(logGroupName=self.ids[name], limit=10000)["events"]
            bad = re.compile(r'"(ERROR|WARN)"|panicked|Runtime\.|AccessDenied')
            said = [event["message"].strip() for event in events if bad.search(event["message"])]
            if said:
                print(f"\n---- {name}: the last of {len(said)}")
                print("\n".join(line[:2000] for line in said[-5:]))


class Sandbox:
    """The outside companies, in a process of their own."""

    def __init__(self, folder, notices):
        # It ends with its input, also if this script is killed.
        self.process = subprocess.Popen(
            [TARGET / "debug/deployed", "sandbox", "--notices", notices],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open(folder / "sandbox.log", "wb"), text=True,
        )
        self.url = self.process.stdout.readline().strip()
        self.parameters = {}
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition("=")
            self.parameters[name] = value
        if not self.parameters:
            raise SystemExit(f"deployed: the sandbox does not start: {(folder / 'sandbox.log').read_text()}")

    def stop(self):
        self.process.stdin.close()
        self.process.wait(20)


# --------------------------------------------------------------------------------------------------------------------------- main


def travel(deployment, folder, door, sandbox, wanted):
    """Makes the journeys. Whether all went well."""
    Shims(deployment.clients, deployment.emulator).apply(deployment)
    door.lead_to(deployment.outputs["DistributionDomainName"], deployment.ids["SocketApi"])
    description = folder / "stack.json"
    description.write_text(json.dumps(deployment.description(), indent=1))
    command = [TARGET / "debug/deployed", "journeys", "--base", door.url, "--sandbox", sandbox.url, "--stack", description]
    # The emulator answers a handshake that the function refuses with 403, whatever the function says.
    command += ["--every-refusal", "403", *wanted]
    done = subprocess.run(command, env={**os.environ, **deployment.emulator.environment()})
    refused, unused = deployment.permissions()
    # Some journeys alone do not need everything.
    complaints = refused + ([] if wanted else unused)
    if done.returncode != 0 or complaints:
        deployment.show_logs()
        print("\n".join(["", *complaints, f"more is in {folder}"]))
    return done.returncode == 0 and not complaints


def main():
    parser = argparse.ArgumentParser(prog=".ci/deployed", description=__doc__.splitlines()[0])
    parser.add_argument("--profile", choices=["release", "fast", "dev"], default="release", help="how functions are built")
    parser.add_argument("--no-build", action="store_true", help="deploy what was built before")
    parser.add_argument("--alone", action="store_true", help="only the product's own template, not template.yaml as well")
    parser.add_argument("--keep", action="store_true", help="leave the product's stack running until Enter is pressed")
    parser.add_argument("journeys", nargs="*", help="only journeys whose name has one of these in it")
    arguments = parser.parse_args()

    folder = TARGET / "ci/deployed"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    locations = [PRODUCT_TEMPLATE] if arguments.alone else applications()
    if not arguments.no_build:
        with step("build"):
            build(arguments.profile, locations)
    with contextlib.ExitStack() as at_end:
        with step("start the emulator"):
            lay_out(folder / "build", arguments.profile, locations)
            emulator = Emulator(folder)
            at_end.callback(emulator.stop)
            emulator.start()
        session = boto3.session.Session(
            aws_access_key_id=emulator.environment()["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=emulator.environment()["AWS_SECRET_ACCESS_KEY"],
            region_name=emulator.environment()["AWS_REGION"],
        )

        def clients(service):
            return session.client(service, endpoint_url=emulator.url, verify=str(emulator.roots))

        door = FrontDoor(emulator)
        at_end.callback(door.stop)
        print(f"   front door {door.url}, AWS {emulator.url}", flush=True)

        def surroundings():
            """Outside companies that know nothing yet, and the parameters that lead a stack to them."""
            sandbox = Sandbox(folder, f"{door.url}/api/v1/payments/webhook")
            at_end.callback(sandbox.stop)
            architecture = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
            return sandbox, {"Architecture": architecture, "EasyWriterPublicUrl": door.url, **PARAMETERS, **sandbox.parameters}

        alone = Deployment(emulator, clients, folder, "easy-writer-staging", "staging", PRODUCT_TEMPLATE, nested=False)
        whole = Deployment(emulator, clients, folder, "quintet-dev", "dev", "template.yaml", nested=True)
        sandbox, parameters = surroundings()
        with step("sam deploy, the product alone"):
            alone.deploy({**parameters, "EasyWriterRateLimitRegister": "10/3600"})
        with step("sam deploy again, over the running stack"):
            alone.deploy(parameters)
        with step("journeys"):
            well = travel(alone, folder, door, sandbox, arguments.journeys)
        if arguments.keep:
            input("Press Enter to go on.")
        with step("delete the stack"):
            alone.delete()
        if not arguments.alone:
            sandbox, parameters = surroundings()
            with step("sam deploy, all of template.yaml"):
                whole.deploy(parameters)
            with step("journeys"):
                well = travel(whole, folder, door, sandbox, arguments.journeys) and well
            with step("delete the stack"):
                whole.delete()
    for name, seconds in timings:
        print(f"{seconds:6.1f} s  {name}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
