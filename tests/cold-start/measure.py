"""Measures cold starts: from the start of a process to its first request for an event, and to the response to that
event.

Started by `.ci/cold-start`. Serves Lambda's Runtime API to the binary of each function, with the environment variables
and engines of a local stack; calls to DynamoDB use TLS, as on AWS. The results are in docs/performance.md, "Cold
start".
"""

import argparse
import json
import os
import pathlib
import re
import shlex
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
NODE = ROOT / "tests/cold-start/node"
# Ports of the local stack.
PORTS = {"easy-writer": 8000, "aggregator": 3000}
LIMITS = ROOT / "tests/cold-start/sizes.json"


# ------------------------------------------------------------------------------------------------------------ the stack


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Stack:
    """A local stack with its engines, sandbox and data."""

    def __init__(self, folder):
        self.folder = folder
        offset = free_port() - 8000
        self.ports = {product: port + offset for product, port in PORTS.items()}
        self.sandbox = f"http://localhost:{8090 + offset}"
        command = ["cargo", "run", "--quiet", "--", "--data-dir", folder, "--port-offset", str(offset)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            if line.startswith("ready"):
                break
        else:
            raise SystemExit("cold-start: the local stack does not start")

    def variables(self, product):
        lines = (self.folder / f"{product}.env").read_text().splitlines()
        pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
        return {name: shlex.split(value)[0] for name, value in pairs}

    def call(self, product, method, path, token=None, body=None):
        """The JSON body of a successful response."""
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = json.dumps(body).encode() if body is not None else None
        url = f"http://localhost:{self.ports[product]}/api/v1{path}"
        request = urllib.request.Request(url, method=method, headers=headers, data=data)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


# ------------------------------------------------------------------------------------------------------------------ TLS

TLS_FRONT = """
import asyncio, ssl, sys
port, certificate, key, upstream = sys.argv[1:]
async def pump(source, target):
    try:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    except OSError:
        pass
    target.close()
async def serve(reader, writer):
    answers, requests = await asyncio.open_connection("127.0.0.1", int(upstream))
    await asyncio.gather(pump(reader, requests), pump(answers, writer))
async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(serve, "127.0.0.1", int(port), ssl=context)
    print("ready", flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


class TlsFront:
    """A TLS proxy in front of DynamoDB, in its own process."""

    def __init__(self, folder, upstream):
        key, certificate = folder / "front.key", folder / "front.crt"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             # rustls rejects a CA certificate as a server certificate.
             "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth",
             "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        # All roots of the system: reading them is part of a start.
        system = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
        self.certificate = certificate
        self.roots = folder / "roots.pem"
        self.roots.write_text(pathlib.Path(system).read_text() + "\n" + certificate.read_text())
        port = free_port()
        command = [sys.executable, "-c", TLS_FRONT, str(port), certificate, key, upstream.rsplit(":", 1)[1]]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()
        self.url = f"https://localhost:{port}"

    def stop(self):
        self.process.terminate()
        self.process.wait()


# --------------------------------------------------------------------------------------------------------------- events


def http_event(method, path, token=None, body=None):
    headers = {"host": "abcdef1234.execute-api.eu-central-1.amazonaws.com", "content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    context = {
        "accountId": "000000000000", "apiId": "abcdef1234", "domainName": headers["host"], "domainPrefix": "abcdef1234",
        "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "cold-start"},
        "requestId": "JKJaXmPLvHcESHA=", "routeKey": "ANY /api/v1/{proxy+}", "stage": "$default",
        "time": "15/Jan/2026:12:00:00 +0000", "timeEpoch": 1768478400000,
    }
    event = {"version": "2.0", "routeKey": context["routeKey"], "rawPath": path, "rawQueryString": "", "headers": headers,
             "requestContext": context, "isBase64Encoded": False}
    if body is not None:
        event["body"] = json.dumps(body)
    return event


def socket_event(path, token):
    context = {"routeKey": "$connect", "eventType": "CONNECT", "connectionId": "cold-start", "requestId": "JKJaXmPLvHcESHA=",
               "apiId": "abcdef1234", "stage": "live", "domainName": "abcdef1234.execute-api.eu-central-1.amazonaws.com"}
    return {"headers": {}, "queryStringParameters": {"path": path, "token": token}, "requestContext": context}


def queue_event(message):
    return {"Records": [{"messageId": "m1", "body": json.dumps(message)}]}


SCHEDULE = {"version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}


def rest_event(method, path, token, body=None):
    """An event of a REST API."""
    headers = {"Host": "abcdef1234.execute-api.eu-central-1.amazonaws.com", "Content-Type": "application/json",
               "Authorization": f"Bearer {token}"}
    context = {
        "accountId": "000000000000", "apiId": "abcdef1234", "httpMethod": method, "path": f"/live{path}", "stage": "live",
        "protocol": "HTTP/1.1", "resourceId": "abc123", "resourcePath": path, "requestTimeEpoch": 1768478400000,
        "requestId": "77375676-0000-4b79-853a-f982474efe18", "identity": {"sourceIp": "203.0.113.7", "userAgent": "cold-start"},
    }
    return {"resource": path, "path": path, "httpMethod": method, "headers": headers, "requestContext": context,
            "multiValueHeaders": {name: [value] for name, value in headers.items()}, "queryStringParameters": None,
            "multiValueQueryStringParameters": None, "pathParameters": None, "stageVariables": None,
            "body": json.dumps(body) if body is not None else None, "isBase64Encoded": False}


# Conditions of success.
ok = lambda answer: answer["statusCode"] == 200
handled = lambda answer: answer == {"batchItemFailures": []}
done = lambda answer: answer is None


def events(stack, product):
    """For each function of a product: an event, its description, and the condition of success."""
    return {"easy-writer": easy_writer, "aggregator": aggregator}[product](stack)


def aggregator(stack):
    call = lambda *what: stack.call("aggregator", *what)
    company = call("POST", "/auth/register", None, {"email": "cold@example.com", "password": "securepassword123"})
    token = company["accessToken"]
    # The welcome balance of a confirmed address pays for all starts.
    with urllib.request.urlopen(f"{stack.sandbox}/mailbox/letters.json") as letters:
        confirmation = re.search(r"verify-email\?token=([\w-]+)", letters.read().decode()).group(1)
    call("GET", f"/auth/verify-email?token={confirmation}")
    key = call("POST", "/auth/api-keys", token, {"name": "Cold", "permissions": ["chat"]})["key"]
    chat = {"model": "gpt-4", "max_tokens": 10, "messages": [{"role": "user", "content": "Привет!"}]}
    answer = call("POST", "/chat/completions", key, chat)
    operation = call("GET", "/billing/transactions?type=DEBIT", token)["data"][0]["id"]
    details = {"provider": "openai", "model": "gpt-4", "prompt": 1, "completion": 1, "cached": 0, "reasoning": 0, "estimated": False,
               "outcome": "completed", "millis": 1}
    counted = queue_event({"company": company["company"]["id"], "operation": operation, "held": 1, "cost": 1, "details": details})
    nobody = {"owner": company["company"]["id"], "endpoint": operation, "delivery": operation}
    api = lambda path: http_event("GET", f"/api/v1{path}", token)
    assert answer["object"] == "chat.completion"
    return {
        "auth": (api("/auth/api-keys"), "GET /auth/api-keys", ok),
        "chat": (rest_event("POST", "/v1/chat/completions", key, chat), "a chat with the sandbox's model", ok),
        "billing": (api("/billing/balance"), "GET /billing/balance", ok),
        "payments": (api("/payments"), "GET /payments", ok),
        "analytics": (api("/analytics/usage"), "GET /analytics/usage", ok),
        "webhooks": (api("/webhooks"), "GET /webhooks", ok),
        "usage-worker": (counted, "a duplicate message", handled),
        "webhook-worker": (queue_event(nobody), "a deleted webhook", handled),
        "ledger-cron": (SCHEDULE, "one account", done),
    }


def easy_writer(stack):
    call = lambda *what: stack.call("easy-writer", *what)["data"]
    register = lambda who: call("POST", "/auth/register", None, {"email": f"{who}@example.com", "password": "pass123456"})
    user = register("cold")
    token, owner = user["access_token"], user["user"]["id"]
    # The welcome balance pays for twenty quick runs.
    runner = register("runner")["access_token"]
    run = call("POST", "/tools/spell_check/execute", token, {"input": {"text": "Превет"}, "mode": "quick"})["session_id"]
    picture = call("POST", "/images/generate", token, {"prompt": "Закат", "format": "web", "style": "DEFAULT"})["image_id"]
    while call("GET", f"/images/{picture}", token)["status"] != "completed":
        time.sleep(0.2)
    api = lambda path: http_event("GET", f"/api/v1{path}", token)
    quick = http_event("POST", "/api/v1/tools/spell_check/execute", runner, {"input": {"text": "Превет"}, "mode": "quick"})
    work = lambda kind, job: queue_event({"owner": owner, "kind": kind, "job": job})
    greeting = queue_event({"connection": "cold-start", "kind": "text", "channel": run, "owner": owner})
    return {
        "auth": (api("/auth/me"), "GET /auth/me", ok),
        "user": (api("/user/balance"), "GET /user/balance", ok),
        "tools": (quick, "a quick run with the sandbox's model", ok),
        "generation": (api(f"/generation/sessions/{run}"), "GET /generation/sessions/{id}", ok),
        "images": (api(f"/images/{picture}"), "GET /images/{id}", ok),
        "payments": (api("/payments/methods"), "GET /payments/methods", ok),
        "socket": (socket_event(f"/ws/generation/{run}", token), "$connect", ok),
        "replay-worker": (greeting, "a closed connection", handled),
        "generation-worker": (work("text", run), "a duplicate message", handled),
        "image-worker": (work("image", picture), "a duplicate message", handled),
        "ledger-cron": (SCHEDULE, "one account", done),
    }


# ------------------------------------------------------------------------------------------------------ the Runtime API


RESERVED_VARIABLES = {
    "AWS_LAMBDA_FUNCTION_NAME": "cold-start", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    "AWS_LAMBDA_LOG_GROUP_NAME": "cold-start", "AWS_LAMBDA_LOG_STREAM_NAME": "cold-start",
}


class Start:
    """One cold start: milliseconds until ready and until the first response, peak memory in MB, and the response."""

    def __init__(self, command, variables, event):
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(10)
            environment = {**variables, **RESERVED_VARIABLES, "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % server.getsockname()[1]}
            begun = time.perf_counter()
            process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                self.pid = process.pid
                self.ready = self.answered = None
                while self.answered is None:
                    with server.accept()[0] as connection:
                        connection.settimeout(30)
                        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                        while self.answered is None and self._exchange(connection, event, begun):
                            pass
            finally:
                process.kill()
                process.wait()

    def _exchange(self, connection, event, begun):
        """Serves one request of the function; returns whether there was one."""
        received = b""
        while b"\r\n\r\n" not in received:
            piece = connection.recv(65536)
            if not piece:
                return False
            received += piece
        now = time.perf_counter()
        head, _, body = received.partition(b"\r\n\r\n")
        line = head.split(b"\r\n")[0].decode()
        if line.startswith("GET") and line.split(" ")[1].endswith("/invocation/next"):
            self.ready = (now - begun) * 1000
            data = json.dumps(event).encode()
            fields = ["HTTP/1.1 200 OK", "Content-Type: application/json", f"Content-Length: {len(data)}",
                      "Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd",
                      "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-central-1:000000000000:function:cold-start",
                      f"Lambda-Runtime-Deadline-Ms: {int(time.time() * 1000) + 30000}"]
            connection.sendall(("\r\n".join(fields) + "\r\n\r\n").encode() + data)
            return True
        chunked = b"transfer-encoding: chunked" in head.lower()
        length = re.search(rb"content-length: (\d+)", head.lower())
        while not (body.endswith(b"0\r\n\r\n") if chunked else len(body) >= int(length.group(1))):
            body += connection.recv(65536)
        self.answered = (time.perf_counter() - begun) * 1000
        # Read now: the process may exit when it gets no further event.
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        self.memory = int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024
        connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        if not line.split(" ")[1].endswith("/response"):
            raise SystemExit(f"cold-start: {line}: {body.decode()}")
        body = unchunked(body) if chunked else body
        # A streamed response is a JSON prelude, eight null bytes, and the body.
        self.answer = json.loads(body.partition(b"\0" * 8)[0])
        return True


def unchunked(body):
    data = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        data += rest[:int(size, 16)]
        body = rest[int(size, 16) + 2:]
    return data


def measured(command, variables, event, good, runs):
    # The first start reads the binary from disk, the later ones from the page cache.
    starts = [Start(command, variables, event) for _ in range(runs + 1)][1:]
    for start in starts:
        if not good(start.answer):
            raise SystemExit(f"cold-start: {command}: {start.answer}")
    return starts


def middle(starts, what):
    return statistics.median(getattr(start, what) for start in starts)


def high(starts, what):
    return sorted(getattr(start, what) for start in starts)[max(0, -(-len(starts) * 9 // 10) - 1)]


# ---------------------------------------------------------------------------------------------------------------- sizes


def zipped(binary, folder):
    """Size of the deployment package: the binary alone, as `bootstrap`."""
    path = folder / "function.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.write(binary, "bootstrap")
    return path.stat().st_size


def packages(folder):
    return [path.parent.name for path in sorted((ROOT / "functions" / folder).glob("*/Cargo.toml"))]


def functions(product):
    """Name and binary of each. Those in `shared` are every product's."""
    own = {name: f"{product}-{name}" for name in packages(product)}
    return own | {name: name for name in packages("shared")}


def binaries():
    """Binaries of all functions of all products."""
    return sorted({binary for product in PORTS for binary in functions(product).values()})


def measured_sizes(profile, names):
    missing = [name for name in names if not binary(name, profile).exists()]
    if missing:
        raise SystemExit(f"cold-start: these are not built with the profile {profile}: {missing}")
    with tempfile.TemporaryDirectory() as folder:
        return {name: zipped(binary(name, profile), pathlib.Path(folder)) for name in names}


def fill_sizes(profile):
    """Adds limits for new functions and removes those of deleted ones. Other limits stay."""
    known = json.loads(LIMITS.read_text())
    sizes = measured_sizes(profile, binaries())
    # About 12 % of headroom, in steps of 0.1 MB.
    limits = {name: known.get(name, -(-int(size * 1.12) // 100_000) * 100_000) for name, size in sizes.items()}
    LIMITS.write_text(json.dumps(limits, indent=2, sort_keys=True) + "\n")


def check_sizes(profile):
    """Fails if a package exceeds its limit, or if functions and limits do not match."""
    limits = json.loads(LIMITS.read_text())
    without, gone = sorted(set(binaries()) - set(limits)), sorted(set(limits) - set(binaries()))
    if without or gone:
        raise SystemExit(
            f"cold-start: {LIMITS.name} has no limit for {without}, and limits for the deleted {gone}.\n"
            f"After a build of all functions (.ci/cold-start makes one), `.ci/cold-start --fill-sizes` updates it; commit the change."
        )
    sizes = measured_sizes(profile, binaries())
    too_large = {name: size for name, size in sizes.items() if size > limits[name]}
    for name, size in sizes.items():
        print(f"{name:32} {size / 1e6:6.2f} MB of {limits[name] / 1e6:.1f}")
    if too_large:
        raise SystemExit(f"cold-start: larger than {LIMITS.name} allows: {sorted(too_large)}")


def binary(name, profile):
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / profile / name


# ----------------------------------------------------------------------------------------------------------------- main


def bundled():
    if not (NODE / "node_modules").exists():
        subprocess.run(["npm", "ci", "--silent", "--no-fund", "--no-audit"], cwd=NODE, check=True)
    subprocess.run(["npm", "run", "--silent", "bundle"], cwd=NODE, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description="Measures cold starts of all functions, and of one of them in Node.js.")
    parser.add_argument("--runs", type=int, default=15, choices=range(1, 20), metavar="1..19", help="cold starts per function")
    parser.add_argument("--only", help="only functions whose name contains this; no Node.js")
    parser.add_argument("--profile", default="release", help="build profile of the binaries")
    parser.add_argument("--plain", action="store_true", help="calls to DynamoDB without TLS, to measure its cost")
    parser.add_argument("--check-sizes", action="store_true", help="only check package sizes against sizes.json")
    parser.add_argument("--fill-sizes", action="store_true", help="only update sizes.json for new and deleted functions")
    options = parser.parse_args()
    if options.check_sizes:
        return check_sizes(options.profile)
    if options.fill_sizes:
        return fill_sizes(options.profile)

    folder = pathlib.Path(tempfile.mkdtemp())
    stack = Stack(folder / "data")
    front = None
    try:
        front = TlsFront(folder, stack.variables("easy-writer")["AWS_ENDPOINT_URL_DYNAMODB"])

        def surroundings(product):
            variables = stack.variables(product) | {"SSL_CERT_FILE": str(front.roots), "PATH": os.environ["PATH"]}
            return variables if options.plain else variables | {"AWS_ENDPOINT_URL_DYNAMODB": front.url}

        print("| function | first event | ready, ms | answered, ms | 9 of 10 below | peak memory, MB | binary, MB | zip, MB |")
        print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
        answers = {}
        for product in PORTS:
            built = functions(product)
            names = [name for name in built if not options.only or options.only in f"{product}-{name}"]
            wanted = events(stack, product) if names else {}
            for name in names:
                wanted.setdefault(name, (SCHEDULE, "nothing to do", done) if name.endswith("-cron") else None)
                if not wanted[name]:
                    raise SystemExit(f"cold-start: no event for {product}-{name}; give it one in {product.replace('-', '_')}()")
                event, what, good = wanted[name]
                path = binary(built[name], options.profile)
                starts = measured([path], surroundings(product), event, good, options.runs)
                answers[product, name] = (wanted[name], starts[0].answer)
                sizes = f"{path.stat().st_size / 1e6:.1f} | {zipped(path, folder) / 1e6:.1f}"
                row(f"`{product}-{name}`", what, starts, sizes)
        if not options.only:
            node(surroundings("easy-writer"), *answers["easy-writer", "user"], options.runs)
    finally:
        if front:
            front.stop()
        stack.stop()
        shutil.rmtree(folder)


def said(answer):
    """The response body without the values of `meta`, which always differ."""
    body = json.loads(answer["body"])
    return {**body, "meta": sorted(body["meta"])}


def node(variables, balance, ours, runs):
    if not shutil.which("npm"):
        print("| Node.js | SKIPPED: Node.js is not installed |")
        return
    bundled()
    event, what, good = balance
    variables = {**variables, "NODE_EXTRA_CA_CERTS": variables["SSL_CERT_FILE"].replace("roots.pem", "front.crt")}
    same = lambda answer: good(answer) and said(answer) == said(ours)
    for name, first, fine in [("balance", what, same), ("nothing", "a constant", good)]:
        bundle = NODE / "bundle" / f"{name}.mjs"
        starts = measured(["node", bundle], variables, event, fine, runs)
        version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
        row(f"Node.js {version}, `{name}`", first, starts, f"{bundle.stat().st_size / 1e6:.1f} | ")


def row(name, what, starts, sizes):
    ready, answered, memory = (middle(starts, it) for it in ("ready", "answered", "memory"))
    print(f"| {name} | {what} | {ready:.1f} | {answered:.1f} | {high(starts, 'answered'):.1f} | {memory:.1f} | {sizes} |", flush=True)


main()
