"""Runs the emulator, and writes down what functions asked for and whether they may: one line of JSON for each new thing.

    python serve.py FILE

The decisions are the emulator's; this only listens.
"""

import json
import sys

from ministack import app
from ministack.core import iam_evaluator


def listen(file):
    decide, known = iam_evaluator.evaluate, set()

    def evaluate(ctx, policies, *limits):
        result = decide(ctx, policies, *limits)
        if ":assumed-role/" in ctx.principal_arn:
            role = ctx.principal_arn.split("/")[1]
            asked = (role, result.decision, result.matched_sid, ctx.action)
            if asked not in known:
                known.add(asked)
                line = {"role": role, "decision": result.decision, "sid": result.matched_sid, "action": ctx.action, "resource": ctx.resource_arn}
                file.write(json.dumps(line) + "\n")
        return result

    iam_evaluator.evaluate = evaluate


def main():
    listen(open(sys.argv[1], "w", buffering=1))
    # With TLS it would also listen on 443, for a service that is not used here.
    app._port_is_bindable = lambda host, port: port != 443
    # It reads its own arguments.
    del sys.argv[1:]
    app.main()


if __name__ == "__main__":
    main()
