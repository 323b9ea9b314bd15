"""Server-sent events."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

# Not `splitlines`, which also splits at U+2028 and the like.
_LINE_END = re.compile(r"\r\n|\r|\n")


class SSEDecoder:
    """Decodes server-sent events from bytes that may be split anywhere."""

    def __init__(self) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._rest = ""  # An incomplete line.
        self._after_carriage_return = False
        self._data: list[str] = []

    def push(self, piece: bytes) -> Iterator[str]:
        """The data of each event that the bytes complete."""
        text = self._utf8.decode(piece)
        if not text:
            return
        ends_with_carriage_return = text.endswith("\r")
        if self._after_carriage_return and text.startswith("\n"):
            text = text[1:]
        self._after_carriage_return = ends_with_carriage_return

        *lines, self._rest = _LINE_END.split(self._rest + text)
        for line in lines:
            data = self._line(line)
            if data is not None:
                yield data

    def end(self) -> str | None:
        """The data of a last event that no empty line ended."""
        if self._rest:
            self._line(self._rest)
            self._rest = ""
        return self._line("")

    def _line(self, line: str) -> str | None:
        if not line:
            data = "\n".join(self._data) if self._data else None
            self._data = []
            return data
        field, _, value = line.partition(":")  # The name of a comment is empty.
        if field == "data":
            self._data.append(value.removeprefix(" "))
        return None
