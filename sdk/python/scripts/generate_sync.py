"""Writes the synchronous client, ``_sync``, from the asynchronous one, ``_async``.

    python scripts/generate_sync.py            # after a change in _async
    python scripts/generate_sync.py --check    # changes nothing; fails if _sync is out of date

What cannot be derived line by line is in ``_concurrency.py``, once for each.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "src" / "ai_aggregator"
HEADER = "# Generated from _async by scripts/generate_sync.py. Do not edit.\n"

RULES = [
    (r"\basync (def|with|for)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\bAsync(?=[A-Z])", ""),  # AsyncStream, AsyncIterator, httpx.AsyncClient
    (r"\basync_", ""),
    (r"__a(enter|exit|iter|next)__", r"__\1__"),
    (r"\ba(close|iter_bytes|next|read)\b", r"\1"),
    (r"\basyncio\.sleep\b", "time.sleep"),
    (r"\bimport asyncio\b", "import time"),
    (r"\bAwaitable(, |\[None\] \| )", ""),
    (", for ``asyncio``", ""),
    ("; may be a coroutine", ""),
]


def generate() -> dict[Path, str]:
    files = {path.name: path.read_text("utf-8") for path in sorted((PACKAGE / "_async").glob("*.py"))}
    for pattern, replacement in RULES:
        changed = {name: re.sub(pattern, replacement, text) for name, text in files.items()}
        if changed == files:
            raise SystemExit(f"rule {pattern!r} changes nothing: remove it")
        files = changed
    return {PACKAGE / "_sync" / name: HEADER + text for name, text in files.items()}


def main() -> None:
    generated = generate()
    present = {path: path.read_text("utf-8") for path in (PACKAGE / "_sync").glob("*.py")}
    if "--check" in sys.argv:
        if present != generated:
            raise SystemExit("_sync is out of date: run scripts/generate_sync.py")
        return
    for path in present.keys() - generated.keys():
        path.unlink()
    for path, text in generated.items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
