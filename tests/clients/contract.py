"""Runs the contract's cURL examples, as docs/contracts.md quotes them, against a running stack.

    GATEWAY=http://localhost:3000 SANDBOX=http://localhost:8090 python3 tests/clients/contract.py

Three values are replaced: the host by that of the stack, the email address by a new one, `<token>` by the access token
of the registration.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

from gateway import GATEWAY, address, confirm

PAGE = Path(__file__).resolve().parents[2] / "docs" / "contracts.md"
HOST, EMAIL, TOKEN = "https://api.ai-aggregator.com", "admin@company.com", "<token>"


def examples():
    """The two commands of the block marked `contract`."""
    (block,) = re.findall(r"^```sh contract\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    commands = [it for it in re.split(r"^# .*\n", block, flags=re.MULTILINE) if it.strip()]
    register, chat = commands
    assert all(it.startswith("curl ") and HOST in it for it in commands), commands
    assert EMAIL in register and TOKEN in chat, commands
    return register, chat


def run(command, status):
    """Runs a command, checks the status and returns the JSON body."""
    command = command.strip().replace(HOST, GATEWAY) + " --silent --show-error --write-out '\\n%{http_code}'"
    printed = subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True).stdout
    answer, _, got = printed.rpartition("\n")
    assert int(got) == status, printed
    return json.loads(answer)


def main():
    register, chat = examples()
    email = address()
    session = run(register.replace(EMAIL, email), 201)
    assert session["tokenType"] == "Bearer" and session["company"]["email"] == email, session
    print("ok  register")
    # The balance is zero until the address is confirmed.
    confirm(email)
    answer = run(chat.replace(TOKEN, session["accessToken"]), 200)
    assert answer["object"] == "chat.completion" and answer["choices"][0]["message"]["content"] and answer["cost"] > 0, answer
    print("ok  chat")


if __name__ == "__main__":
    sys.exit(main())
