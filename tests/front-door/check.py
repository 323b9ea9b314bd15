"""Runs the CloudFront Function of the front door, as CloudFront would: events in, requests or answers out.

    .ci/tool --python quickjs tests/front-door/check.py

Source of the events' shape: "CloudFront Functions event structure" of the CloudFront developer guide. Values of queries arrive and leave as
they are in the address, not decoded.
"""

import json
import pathlib
import re
import textwrap

import quickjs

TEMPLATE = pathlib.Path(__file__).parents[2] / "infra/shared/front-door.yaml"
JOB = "0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f"


def function():
    """The function's text, and handler, from the template."""
    text = TEMPLATE.read_text(encoding="utf-8")
    found = re.findall(r"^( +)FunctionCode: \|\n((?:\1 +.*\n|\n)+)", text, re.MULTILINE)
    assert len(found) == 1, f"{len(found)} functions in {TEMPLATE}"
    code = textwrap.dedent(found[0][1])
    # CloudFront takes 10 KB.
    assert len(code.encode()) < 10_240
    context = quickjs.Context()
    context.eval(code)
    context.eval("function call(event) { return JSON.stringify(handler(JSON.parse(event))); }")
    call = context.get("call")
    return lambda event: json.loads(call(json.dumps(event)))


HANDLER = function()


def ask(uri, query=None, headers=None, ip="198.51.100.7"):
    request = {"method": "GET", "uri": uri, "querystring": query or {}, "headers": headers or {}, "cookies": {}}
    return HANDLER({
        "version": "1.0",
        "context": {"eventType": "viewer-request"},
        "viewer": {"ip": ip},
        "request": request,
    })


def values(query):
    return {name: entry["value"] for name, entry in query.items()}


def what_a_client_says_about_its_address_is_overwritten():
    for ip in ["198.51.100.7", "2001:db8::1"]:
        forged = {"x-viewer-address": {"value": "203.0.113.9", "multiValue": [{"value": "203.0.113.9"}, {"value": "a"}]}}
        request = ask("/api/v1/user/profile", headers=forged, ip=ip)
        assert request["headers"]["x-viewer-address"] == {"value": ip}, request


def requests_for_the_api_stay_what_they_are():
    for uri in ["/api/v1/images", "/", "/ws", "/wsx/generation/1", "/live", "/apix/ws/generation/1"]:
        query = {"page": {"value": "2"}, "path": {"value": "%2Fws%2Fimage%2F1"}}
        request = ask(uri, query=query, headers={"authorization": {"value": "Bearer x"}})
        assert (request["uri"], request["querystring"]) == (uri, query), request
        assert request["headers"]["authorization"] == {"value": "Bearer x"}


def handshakes_ask_for_the_stage_and_name_their_path():
    for uri in [f"/ws/generation/{JOB}", f"/ws/image/{JOB}", f"/ws/image/{JOB}/"]:
        request = ask(uri, query={"token": {"value": "a.b.c"}, "v": {"value": "1", "multiValue": [{"value": "0"}]}})
        assert request["uri"] == "/live", request
        assert values(request["querystring"]) == {"path": uri, "token": "a.b.c", "v": "1"}, request
        assert request["querystring"]["v"]["multiValue"] == [{"value": "0"}]


def a_client_cannot_name_another_path():
    for name in ["path", "%70ath", "p%61th"]:
        query = {"token": {"value": "t"}, name: {"value": "/ws/image/2", "multiValue": [{"value": "/ws/image/3"}]}}
        request = ask(f"/ws/generation/{JOB}", query=query)
        assert request["querystring"] == {"path": {"value": f"/ws/generation/{JOB}"}, "token": {"value": "t"}}, request


def other_paths_below_ws_reach_nobody():
    bad = [
        "/ws/", "/ws/generation", "/ws/generation/", "/ws//1", "/ws/generation/1/2", "/ws/generation/1//", "/ws/../live",
        "/ws/generation/..", "/ws/generation/1%2F2", "/ws/Generation/1", "/ws/generation/1?x", "/ws/generation/1&path=2",
        "/ws/generation/1\n", "/ws/@connections/1", "/ws/generation/1#x",
    ]
    for uri in bad:
        answer = ask(uri)
        assert (answer.get("statusCode"), "uri" in answer) == (404, False), (uri, answer)
        assert json.loads(answer["body"]) == {"message": "Not Found"}


def main():
    checks = [
        what_a_client_says_about_its_address_is_overwritten,
        requests_for_the_api_stay_what_they_are,
        handshakes_ask_for_the_stage_and_name_their_path,
        a_client_cannot_name_another_path,
        other_paths_below_ws_reach_nobody,
    ]
    for check in checks:
        check()
        print("ok", check.__name__.replace("_", " "))


main()
