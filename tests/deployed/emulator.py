"""An emulated AWS on this machine: ministack, with IAM enforced and TLS, as the real one has."""

import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.request

ACCOUNT = "000000000000"
REGION = "eu-central-1"
# The operator, who may do everything. Functions get credentials of their roles from the emulator.
OPERATOR = {"AWS_ACCESS_KEY_ID": "operator", "AWS_SECRET_ACCESS_KEY": "operator-of-an-emulator"}
SECONDS_TO_START = 60
SERVE = pathlib.Path(__file__).with_name("serve.py")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Emulator:
    """Runs until `stop`. Its state is in memory, its files are in `folder`."""

    def __init__(self, folder):
        # CloudFront Functions are JavaScript, which the emulator gives to Node.js.
        for program in ("node", "openssl"):
            if shutil.which(program) is None:
                raise SystemExit(f"deployed: please install {program}, which the emulator needs")
        self.folder = folder
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.log = folder / "emulator.log"
        # What functions asked for.
        self.permissions = folder / "permissions.jsonl"
        self.certificate = folder / "emulator.crt"
        self.roots = folder / "roots.pem"
        self._make_certificate()
        self.process = None

    def _make_certificate(self):
        key = self.folder / "emulator.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=emulated AWS"]
            # rustls takes no authority for a server.
            + ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth"]
            + ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
            + ["-keyout", key, "-out", self.certificate],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        roots = ssl.get_default_verify_paths().cafile
        known = pathlib.Path(roots).read_text() if roots else ""
        self.roots.write_text(known + "\n" + self.certificate.read_text())

    def environment(self):
        """What a client of the emulator needs."""
        return {
            **OPERATOR,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CA_BUNDLE": str(self.roots),
            "SSL_CERT_FILE": str(self.roots),
            "SAM_CLI_TELEMETRY": "0",
        }

    def start(self):
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            **self.environment(),
            # Every call is checked against the policies of its caller.
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            # Queues refuse calls without TLS, as the template wants.
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(self.certificate),
            "MINISTACK_SSL_KEY": str(self.folder / "emulator.key"),
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            # Nothing here is a thing of the internet.
            "IOT_MTLS_ENABLED": "0",
        }
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, SERVE, self.permissions], env=environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )
        trusted = ssl.create_default_context(cafile=self.roots)
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.url}/_ministack/health", context=trusted, timeout=5).read()
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit(f"deployed: the emulator does not start:\n{self.log.read_text()}")

    def stop(self):
        """Ends it and the functions that it started."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            pass
        # Functions are in its process group.
        try:
            os.killpg(self.process.pid, 9)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None
