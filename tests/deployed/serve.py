"""Runs the emulator, and writes down what functions asked for and whether they may: one line of JSON for each new thing.

    python serve.py FILE

The decisions are the emulator's; this only listens. And it has REST APIs understand functions that stream their answers, and nested stacks
keep what they are to retain.
"""

import json
import sys

from ministack import app
from ministack.core import iam_evaluator
from ministack.services import apigateway_v1
from ministack.services.cloudformation import _stacks, provisioners

# Between the head of a streamed answer and its body: "Set up a Lambda proxy integration with payload response streaming" of the developer guide.
DELIMITER = "\0" * 8


def listen(file):
    known = set()

    def write(principal, decision, sid, action, resource):
        if ":assumed-role/" not in principal:
            return
        role = principal.split("/")[1]
        if (role, decision, sid, action) not in known:
            known.add((role, decision, sid, action))
            line = {"role": role, "decision": decision, "sid": sid, "action": action, "resource": resource}
            file.write(json.dumps(line) + "\n")

    # Which statement of a role allows something.
    evaluate = iam_evaluator.evaluate

    def evaluated(ctx, policies, *limits):
        result = evaluate(ctx, policies, *limits)
        if result.decision == "Allow":
            write(ctx.principal_arn, "allowed", result.matched_sid, ctx.action, ctx.resource_arn)
        return result

    # What comes of it together with the policies of resources.
    enforce = iam_evaluator.enforce

    def enforced(access_key_id, iam_action, service, region, resource_arn="*", *rest, **named):
        refusal = enforce(access_key_id, iam_action, service, region, resource_arn, *rest, **named)
        if isinstance(refusal, iam_evaluator.EvalResult):
            write(refusal.principal_arn, "refused", "", iam_action, resource_arn)
        return refusal

    iam_evaluator.evaluate, iam_evaluator.enforce = evaluated, enforced


def understand_streams():
    """The emulator takes whatever a function answers for a body. What is streamed comes as a whole from it, when it has ended."""
    proxied = apigateway_v1._lambda_proxy_response

    def answered(result):
        payload = result.get("body")
        if isinstance(payload, str) and DELIMITER in payload:
            head, _, body = payload.partition(DELIMITER)
            head = json.loads(head)
            more = {"multiValueHeaders": {"set-cookie": head.get("cookies", [])}, "body": body}
            result = {**result, "body": {"statusCode": head["statusCode"], "headers": head.get("headers", {}), **more}}
        return proxied(result)

    apigateway_v1._lambda_proxy_response = answered


def retain():
    """The emulator looks at `DeletionPolicy` in the outermost stack only, AWS in nested ones too."""
    handler = provisioners._RESOURCE_HANDLERS["AWS::CloudFormation::Stack"]
    delete = handler["delete"]

    def deleted(stack, properties):
        found = _stacks.get(provisioners._nested_stack_lookup_name(stack))
        if found:
            declared = found["_template"]["Resources"]
            kept = {name for name, it in declared.items() if it.get("DeletionPolicy") == "Retain"}
            found["_resources"] = {name: it for name, it in found["_resources"].items() if name not in kept}
        delete(stack, properties)

    handler["delete"] = deleted


def main():
    understand_streams()
    retain()
    listen(open(sys.argv[1], "w", buffering=1))
    # With TLS it would also listen on 443, for a service that is not used here.
    app._port_is_bindable = lambda host, port: port != 443
    # It reads its own arguments.
    del sys.argv[1:]
    app.main()


if __name__ == "__main__":
    main()
