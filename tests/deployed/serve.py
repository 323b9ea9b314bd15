"""Runs the emulator, and writes down what functions asked for and whether they may: one line of JSON for each new thing.

    python serve.py FILE

The decisions are the emulator's; this only listens.
"""

import json
import sys

from ministack import app
from ministack.core import iam_evaluator


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


def main():
    listen(open(sys.argv[1], "w", buffering=1))
    # With TLS it would also listen on 443, for a service that is not used here.
    app._port_is_bindable = lambda host, port: port != 443
    # It reads its own arguments.
    del sys.argv[1:]
    app.main()


if __name__ == "__main__":
    main()
