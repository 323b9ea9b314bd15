"""Server-sent events."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

# Not `splitlines`, which also splits at characters that may stand in a text.
_LINE_END = re.compile(r"\r\n|\r|\n")


class SSEDecoder:
    """Reads the data of server-sent events from bytes that may be split anywhere."""

    def __init__(self) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._rest = ""  # The beginning of a line whose end has not come yet.
        self._after_carriage_return = False
        self._data: list[str] = []

    def push(self, piece: bytes) -> Iterator[str]:
        """The data of each event that these bytes complete."""
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
        """The data of the last event, if the stream ended without the empty line after it."""
        if self._rest:
            self._line(self._rest)
            self._rest = ""
        return self._line("")

    def _line(self, line: str) -> str | None:
        if not line:
            data = "\n".join(self._data) if self._data else None
            self._data = []
            return data
        field, _, value = line.partition(":")  # A comment has no name before the colon.
        if field == "data":
            self._data.append(value.removeprefix(" "))
        return None
