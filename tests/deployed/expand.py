#!/usr/bin/env python3
"""Shows what a template deploys: loops expanded, the SAM transform applied, nested templates inlined, functions and conditions evaluated.

    .ci/tool --python ministack tests/deployed/expand.py template.yaml [Parameter=value …]      # JSON on standard output
    .ci/tool --python ministack tests/deployed/expand.py --loops FOLDER template.yaml infra/*.yaml

Two commits deploy the same if the first form prints the same for both. A resource is `${EasyWriter/Table}` there, whichever template of the
product declares it. The second form only expands loops and writes the results to a folder, for tools that do not know `Fn::ForEach`.
"""

import argparse
import copy
import json
import os
import pathlib
import re

from ministack.services.cloudformation import language_extensions
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

NESTED = {"AWS::Serverless::Application": "Location", "AWS::CloudFormation::Stack": "TemplateURL"}
# Parts of a product, nested in its template, whose resources are the product's own.
PARTS = pathlib.PurePath("shared")
PSEUDO = {"AWS::Region": "eu-central-1", "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com", "AWS::AccountId": "000000000000"}
NOTHING = object()


class NoManagedPolicies:
    """Policies are given by ARN or as documents, so there is no name to look up."""

    @staticmethod
    def load():
        return {}


def without_loops(template, parameters):
    """What `AWS::LanguageExtensions` makes of a template; the emulator's, which was compared with AWS's."""
    transforms = template.get("Transform", [])
    transforms = [transforms] if isinstance(transforms, str) else transforms
    if language_extensions.TRANSFORM not in transforms:
        return template
    template = language_extensions.apply(template, parameters)
    return {**template, "Transform": [it for it in transforms if it != language_extensions.TRANSFORM]}


def native(template, parameters):
    """The same without resources of SAM. The transform is AWS's own code."""
    template = copy.deepcopy(without_loops(template, parameters))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # The transform wants to see an object of S3; where the code is, is put back below.
            resource["Properties"]["CodeUri"] = "s3://built/" + resource["Properties"]["CodeUri"]
    # The transform asks nobody else where it is.
    os.environ["AWS_DEFAULT_REGION"] = PSEUDO["AWS::Region"]
    template = transform(template, {}, NoManagedPolicies())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Code"] = resource["Properties"]["Code"]["S3Key"]
    template.pop("Transform", None)
    return template


class Template:
    def __init__(self, path, given, place=()):
        self.path, self.place = path, place
        template = yaml_parse(path.read_text())
        self.lists = {name for name, it in template.get("Parameters", {}).items() if it["Type"] == "CommaDelimitedList"}
        self.parameters = {name: str(given.get(name, it.get("Default"))) for name, it in template.get("Parameters", {}).items()}
        self.template = native(template, self.parameters)
        self.nested = {}

    def holds(self, name):
        return self.value(self.template["Conditions"][name])

    def child(self, name):
        if name not in self.nested:
            resource = self.template["Resources"][name]
            properties = self.value(resource["Properties"])
            location = self.path.parent / properties[NESTED[resource["Type"]]]
            own = location.parent.name == PARTS.name
            self.nested[name] = Template(location, properties.get("Parameters", {}), self.place if own else (*self.place, name))
        return self.nested[name]

    def reference(self, name, attribute=None):
        if name in self.parameters:
            value = self.parameters[name]
            return value.split(",") if name in self.lists else value
        if name == "AWS::NoValue":
            return NOTHING
        if name.startswith("AWS::"):
            return PSEUDO.get(name, "/".join((name, *self.place)))
        if attribute and attribute.startswith("Outputs."):
            child = self.child(name)
            return child.value(child.template["Outputs"][attribute.removeprefix("Outputs.")]["Value"])
        return "${" + "/".join((*self.place, name)) + (f".{attribute}" if attribute else "") + "}"

    def sub(self, text, names):
        def replaced(match):
            name = match[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            return str(self.value(names[name]) if name in names else self.reference(*name.split(".", 1)))

        return re.sub(r"\$\{([^}]+)\}", replaced, text)

    def value(self, node):
        if isinstance(node, list):
            values = [self.value(it) for it in node]
            return [it for it in values if it is not NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (name, argument), = node.items()
            call = name.removeprefix("Fn::")
            if name in ("Ref", "Condition") or call != name:
                return self.call(call, argument, node)
        values = {key: self.value(it) for key, it in node.items()}
        return {key: it for key, it in values.items() if it is not NOTHING}

    def call(self, call, argument, node):
        if call == "Ref":
            return self.reference(argument)
        if call == "GetAtt":
            parts = argument.split(".", 1) if isinstance(argument, str) else argument
            return self.reference(parts[0], ".".join(parts[1:]))
        if call == "Sub":
            text, names = (argument, {}) if isinstance(argument, str) else argument
            return self.sub(text, names)
        if call == "If":
            return self.value(argument[1 if self.holds(argument[0]) else 2])
        if call == "Condition":
            return self.holds(argument) if isinstance(argument, str) and argument in self.template.get("Conditions", {}) else {"Condition": self.value(argument)}
        if call in ("Equals", "And", "Or", "Not", "Join", "Select", "Split"):
            values = [self.value(it) for it in argument]
            return {
                "Equals": lambda: values[0] == values[1],
                "And": lambda: all(values),
                "Or": lambda: any(values),
                "Not": lambda: not values[0],
                "Join": lambda: values[0].join(values[1]),
                "Select": lambda: values[1][int(values[0])],
                "Split": lambda: values[1].split(values[0]),
            }[call]()
        raise SystemExit(f"{self.path}: {node}")

    def deployed(self):
        found = {}
        for name, resource in self.template["Resources"].items():
            if "Condition" in resource and not self.holds(resource["Condition"]):
                continue
            if resource["Type"] in NESTED:
                found |= self.child(name).deployed()
                continue
            kept = {key: self.value(it) for key, it in resource.items() if key not in ("Condition", "Metadata")}
            found["/".join((*self.place, name))] = kept
        return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--loops", type=pathlib.Path, metavar="FOLDER", help="only expand loops, and write the templates to this folder")
    parser.add_argument("template", type=pathlib.Path)
    parser.add_argument("more", nargs="*", help="parameters, or with --loops templates")
    arguments = parser.parse_args()
    if arguments.loops:
        for path in (arguments.template, *map(pathlib.Path, arguments.more)):
            written = arguments.loops / path.with_suffix(".json")
            written.parent.mkdir(parents=True, exist_ok=True)
            written.write_text(json.dumps(without_loops(yaml_parse(path.read_text()), {}), indent=1))
        return
    given = dict(it.split("=", 1) for it in arguments.more)
    template = Template(arguments.template, given)
    outputs = {name: template.value(it["Value"]) for name, it in template.template.get("Outputs", {}).items()}
    print(json.dumps({"Outputs": outputs, "Resources": template.deployed()}, indent=1, sort_keys=True, ensure_ascii=False))


if __name__ == "__main__":
    main()
