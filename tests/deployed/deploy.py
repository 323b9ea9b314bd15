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

from emulator import Emulator
from expand import native
from front_door import FrontDoor
from shims import Shims

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
# One person registers more accounts here than one address may in an hour, and asks again and again what became of things. Servers of companies
# are on this machine.
PARAMETERS = {
    "EasyWriterRateLimitRegister": "1000/60", "EasyWriterRateLimitLogin": "1000/60",
    "AggregatorRateLimitAuth": "1000/60", "AggregatorRateLimitKeys": "100000/60", "AggregatorRateLimitBilling": "100000/60",
    "AggregatorRateLimitGroup": "100000/60", "AggregatorWebhookAllowPrivate": "true",
}
# What a product's stack is deployed with at first, before it gets the above.
AT_FIRST = {"EasyWriterRateLimitRegister": "10/3600", "AggregatorRateLimitAuth": "10/60"}
NESTED = "AWS::CloudFormation::Stack"
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


class Product:
    """A nested application of template.yaml: what it is called there, which is what its parameters begin with, and its own template."""

    def __init__(self, prefix, location):
        self.prefix, self.location = prefix, location
        # As its folder of functions is called.
        self.name = pathlib.Path(location).stem
        self.template = yaml_parse((ROOT / location).read_text())
        # The binary of each function, which is also the name of its package, by what the template calls the function.
        self.binaries = {
            name: resource["Metadata"]["BuildProperties"]["Binary"]
            # Loops make no functions.
            for name, resource in self.template["Resources"].items()
            if isinstance(resource, dict) and resource["Type"] == "AWS::Serverless::Function"
        }
        # A binary that every product deploys has no product in its name.
        self.functions = {name: f"{self.name}-{binary.removeprefix(self.name + '-')}" for name, binary in self.binaries.items()}

    def own(self, parameters):
        """The parameters of template.yaml that its own template takes, as that one calls them."""
        named = {name.removeprefix(self.prefix): value for name, value in parameters.items()}
        return {name: value for name, value in named.items() if name in self.template["Parameters"]}


def products():
    """Easy Writer first."""
    root = yaml_parse((ROOT / "template.yaml").read_text())
    nested = {name: it for name, it in root["Resources"].items() if it["Type"] == "AWS::Serverless::Application"}
    return [Product(name, it["Properties"]["Location"]) for name, it in nested.items()]


def binaries(wanted):
    return {binary for product in wanted for binary in product.binaries.values()}


def build(profile, wanted):
    packages = [part for name in sorted(binaries(wanted)) for part in ("--package", name)]
    run("cargo", "build", "--profile", profile, *packages)
    run("cargo", "build", "--package", "deployed")
    # The limits are about all of them.
    if profile == "release" and len(wanted) == len(products()):
        run(sys.executable, "tests/cold-start/measure.py", "--check-sizes")


def lay_out(folder, profile, wanted):
    """What `sam build` would write: the templates, and a folder with a `bootstrap` for each function."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "infra").mkdir(parents=True)
    for binary in binaries(wanted):
        (folder / binary).mkdir()
        bootstrap = folder / binary / "bootstrap"
        shutil.copy(TARGET / ("debug" if profile == "dev" else profile) / binary, bootstrap)
        if profile == "dev":
            # Nobody will look into it with a debugger, and Lambda takes no more than 250 MB.
            run("strip", bootstrap)
    for product in wanted:
        text = (ROOT / product.location).read_text()
        for name, binary in product.binaries.items():
            source = product.template["Resources"][name]["Properties"]["CodeUri"]
            text = text.replace(f"CodeUri: {source}\n", f"CodeUri: ../{binary}\n")
        (folder / product.location).write_text(text)
    shutil.copytree(ROOT / "infra/shared", folder / "infra/shared")
    shutil.copy(ROOT / "template.yaml", folder)


# ----------------------------------------------------------------------------------------------------------------- what is deployed


class Part:
    """A product in a stack."""

    def __init__(self, product, emulator, clients, folder):
        self.product, self.emulator, self.clients = product, emulator, clients
        location = folder / "build" / product.location
        # The emulator expands loops and applies the SAM transform in the outermost template only, AWS in nested ones too.
        self.template = native(yaml_parse(location.read_text()), {})
        nested = [it["Properties"]["TemplateURL"] for it in self.template["Resources"].values() if it["Type"] == NESTED]
        parts = [yaml_parse((location.parent / it).read_text())["Resources"] for it in nested]
        # Its own, and those of the templates that it nests.
        self.resources = {name: it for part in (self.template["Resources"], *parts) for name, it in part.items()}
        self.ids, self.outputs = {}, {}

    def look(self, stack):
        """What the template calls a thing, and what the thing is called."""
        self.ids = {}
        self.outputs = {it["OutputKey"]: it["OutputValue"] for it in self._found(stack)["Outputs"]}

    def _found(self, stack):
        cloudformation = self.clients("cloudformation")
        stack = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        for it in cloudformation.describe_stack_resources(StackName=stack["StackName"])["StackResources"]:
            self.ids[it["LogicalResourceId"]] = it["PhysicalResourceId"]
            if it["ResourceType"] == NESTED:
                self._found(it["PhysicalResourceId"])
        return stack

    def of_type(self, kind):
        found = self.resources.items()
        return [(self.ids[name], it) for name, it in found if it["Type"] == kind and name in self.ids]

    def function_arn(self, name):
        return self.clients("lambda").get_function_configuration(FunctionName=self.ids[name])["FunctionArn"]

    def description(self):
        """What an operator's tools have to know; the journeys read it."""
        queues = [name for name, it in self.resources.items() if it["Type"] == "AWS::SQS::Queue"]
        sqs, environment = self.clients("sqs"), self.emulator.environment()
        return {
            "endpoint": self.emulator.url,
            "region": environment["AWS_REGION"],
            "access_key_id": environment["AWS_ACCESS_KEY_ID"],
            "secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
            "table": self.outputs["TableName"],
            "queues": {name: sqs.get_queue_url(QueueName=self.ids[name].rsplit("/", 1)[-1])["QueueUrl"] for name in queues},
            "functions": {function: self.ids[name] for name, function in self.product.functions.items()},
        }

    def permissions(self):
        """What functions were refused, and what they are granted and never asked for.

        The emulator does not look at partition keys, so it cannot tell two statements apart that differ in nothing else; tests/it/world does.
        """
        roles = {self.ids[f"{name}Role"]: name for name in self.product.binaries}
        granted, asked_for = {}, set()
        for name in self.product.binaries:
            for policy in self.resources[f"{name}Role"]["Properties"].get("Policies", []):
                for statement in policy["PolicyDocument"]["Statement"]:
                    actions = statement["Action"]
                    for action in [actions] if isinstance(actions, str) else actions:
                        granted[name, statement["Sid"], action] = json.dumps(statement["Resource"])
        refused = []
        for line in self.emulator.permissions.read_text().splitlines():
            asked = json.loads(line)
            if asked["role"] not in roles:
                continue
            name = roles[asked["role"]]
            if asked["decision"] == "allowed":
                asked_for.add((name, asked["action"], granted.get((name, asked["sid"], asked["action"]))))
            else:
                refused.append(f"{name} may not {asked['action']} {asked['resource']}")
        unused = [f"{name} never asks for {action} ({sid})" for (name, sid, action), resource in granted.items()
                  if (name, action, resource) not in asked_for and action not in LAMBDAS_OWN]
        return refused, unused

    def show_logs(self):
        """What the functions said that went wrong, latest last."""
        logs = self.clients("logs")
        for name, it in self.resources.items():
            if it["Type"] != "AWS::Logs::LogGroup":
                continue
            events = logs.filter_log_events(logGroupName=self.ids[name], limit=10000)["events"]
            bad = re.compile(r'"(ERROR|WARN)"|panicked|Runtime\.|AccessDenied')
            said = [event["message"].strip() for event in events if bad.search(event["message"])]
            if said:
                print(f"\n---- {name}: the last of {len(said)}")
                print("\n".join(line[:2000] for line in said[-5:]))


class Deployment:
    """A way to deploy one product, or with `whole` all of template.yaml, and the stack that comes of it."""

    def __init__(self, emulator, clients, folder, name, environment, wanted, whole):
        self.emulator, self.clients, self.folder = emulator, clients, folder
        self.name, self.environment, self.whole = name, environment, whole
        self.parts = [Part(product, emulator, clients, folder) for product in wanted]

    def deploy(self, parameters):
        build = self.folder / "build"
        if self.whole:
            root = (build / "template.yaml").read_text()
            for part in self.parts:
                # A copy beside the original, whose paths stay right.
                flat = (build / part.product.location).with_suffix(".expanded.json")
                flat.write_text(json.dumps(part.template, indent=1))
                root = root.replace(f"Location: {part.product.location}\n", f"Location: infra/{flat.name}\n")
            template = build / "template.expanded.yaml"
            template.write_text(root)
        else:
            product = self.parts[0].product
            template, parameters = build / product.location, product.own(parameters)
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
        cloudformation = self.clients("cloudformation")
        stack = cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        print(f"   {self.name}: {stack['StackStatus']}", flush=True)
        nested = {self.parts[0].product.prefix: self.name}
        if self.whole:
            found = cloudformation.describe_stack_resources(StackName=self.name)["StackResources"]
            nested = {it["LogicalResourceId"]: it["PhysicalResourceId"] for it in found}
        for part in self.parts:
            part.look(nested[part.product.prefix])

    def delete(self):
        """Deletes the stack. What holds data must outlive it, the rest must not."""
        cloudformation = self.clients("cloudformation")
        stack = cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]["StackId"]
        cloudformation.delete_stack(StackName=self.name)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
        functions = {it["FunctionName"] for it in self.clients("lambda").list_functions()["Functions"]}
        for part in self.parts:
            left = functions & {name for name, _ in part.of_type("AWS::Lambda::Function")}
            if left:
                raise SystemExit(f"deployed: functions are left of {self.name}: {left}")
            if part.outputs["TableName"] not in self.clients("dynamodb").list_tables()["TableNames"]:
                raise SystemExit(f"deployed: the table of {self.name} is gone with its stack")


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


def travel(part, folder, door, sandbox, wanted):
    """Makes the journeys through a product. Whether all went well."""
    Shims(part.clients, part.emulator).apply(part)
    door.lead_to(part.outputs["DistributionDomainName"], part.ids.get("SocketApi"))
    description = folder / "stack.json"
    description.write_text(json.dumps(part.description(), indent=1))
    command = [TARGET / "debug/deployed", "journeys", "--product", part.product.name]
    command += ["--base", door.url, "--sandbox", sandbox.url, "--stack", description]
    # The emulator answers a handshake that the function refuses with 403, whatever the function says.
    command += ["--every-refusal", "403", *wanted]
    done = subprocess.run(command, env={**os.environ, **part.emulator.environment()})
    refused, unused = part.permissions()
    # Some journeys alone do not need everything.
    complaints = refused + ([] if wanted else unused)
    if done.returncode != 0 or complaints:
        part.show_logs()
        print("\n".join(["", *complaints, f"more is in {folder}"]))
    return done.returncode == 0 and not complaints


def main():
    known = products()
    parser = argparse.ArgumentParser(prog=".ci/deployed", description=__doc__.splitlines()[0])
    parser.add_argument("--profile", choices=["release", "fast", "dev"], default="release", help="how functions are built")
    parser.add_argument("--no-build", action="store_true", help="deploy what was built before")
    parser.add_argument("--product", choices=[product.name for product in known], help="only this one")
    parser.add_argument("--alone", action="store_true", help="only each product's own template, not template.yaml as well")
    parser.add_argument("--keep", action="store_true", help="leave a product's own stack running until Enter is pressed")
    parser.add_argument("journeys", nargs="*", help="only journeys whose name has one of these in it")
    arguments = parser.parse_args()
    if arguments.journeys and not arguments.product:
        parser.error("whose journeys are these? Say it with --product")

    folder = TARGET / "ci/deployed"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    wanted = [product for product in known if arguments.product in (None, product.name)]
    # The whole has all of them.
    built = wanted if arguments.alone else known
    if not arguments.no_build:
        with step("build"):
            build(arguments.profile, built)
    with contextlib.ExitStack() as at_end:
        with step("start the emulator"):
            lay_out(folder / "build", arguments.profile, built)
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
            public = {f"{product.prefix}PublicUrl": door.url for product in known}
            return sandbox, {"Architecture": architecture, **public, **PARAMETERS, **sandbox.parameters}

        well = True
        for product in wanted:
            alone = Deployment(emulator, clients, folder, f"{product.name}-staging", "staging", [product], whole=False)
            sandbox, parameters = surroundings()
            with step(f"sam deploy, {product.name} alone"):
                alone.deploy({**parameters, **AT_FIRST})
            with step("sam deploy again, over the running stack"):
                alone.deploy(parameters)
            with step(f"journeys through {product.name}"):
                well = travel(alone.parts[0], folder, door, sandbox, arguments.journeys) and well
            if arguments.keep:
                input("Press Enter to go on.")
            with step("delete the stack"):
                alone.delete()
        if not arguments.alone:
            whole = Deployment(emulator, clients, folder, "quintet-dev", "dev", known, whole=True)
            sandbox, parameters = surroundings()
            with step("sam deploy, all of template.yaml"):
                whole.deploy(parameters)
            for part in whole.parts:
                if part.product in wanted:
                    with step(f"journeys through {part.product.name}"):
                        well = travel(part, folder, door, sandbox, arguments.journeys) and well
            with step("delete the stack"):
                whole.delete()
    for name, seconds in timings:
        print(f"{seconds:6.1f} s  {name}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
