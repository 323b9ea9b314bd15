"""Runs the contract's cURL examples, as docs/contracts.md quotes them, against a running stack.

    GATEWAY=http://localhost:3000 SANDBOX=http://localhost:8090 python3 tests/clients/contract.py

Three things in them stand for others: the host for the stack's, the address for one that nobody has registered, `<token>` for the token that
registering gave.
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
    """The two commands of the block that is marked `contract`."""
    (block,) = re.findall(r"^```sh contract\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    commands = [it for it in re.split(r"^# .*\n", block, flags=re.MULTILINE) if it.strip()]
    register, chat = commands
    assert all(it.startswith("curl ") and HOST in it for it in commands), commands
    assert EMAIL in register and TOKEN in chat, commands
    return register, chat


def run(command, status):
    """The JSON that a command prints, which must come with this status."""
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
    # Until then the company has no money.
    confirm(email)
    answer = run(chat.replace(TOKEN, session["accessToken"]), 200)
    assert answer["object"] == "chat.completion" and answer["choices"][0]["message"]["content"] and answer["cost"] > 0, answer
    print("ok  chat")


if __name__ == "__main__":
    sys.exit(main())
