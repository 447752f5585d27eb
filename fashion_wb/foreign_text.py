"""Text from files, runs and servers: as part of a path, and on a terminal."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TextIO, cast

_PATH_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}")
# Clears the line: what a status line begins with.
REDRAW = "\r\x1b[K"
# wandb prints its name in colour. Nothing here hides text or moves the cursor.
_COLOUR = r"\x1b\[(?:0|1|3[1-69])?m"
# Control characters but tab and newline, and those that turn the direction of text.
_CONTROL = re.compile(
    f"({_COLOUR})|[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff]"
)


def is_path_part(text: object) -> bool:
    """Tell whether `text` can be part of a file's name and never leads elsewhere: W&B's ids can."""
    return isinstance(text, str) and _PATH_PART.fullmatch(text) is not None


def printable(text: str) -> str:
    r"""Return `text` with control characters as escapes such as \x1b, but for newline, tab and colours."""
    return _CONTROL.sub(lambda found: found[1] or ascii(found[0])[1:-1], text)


def one_line(text: str) -> str:
    r"""Return `printable(text)` with newlines as \n too: a name must not look like a message of its own."""
    return printable(text).replace("\n", r"\n")


class _PlainStream(io.TextIOBase):
    """Prints `printable` text. It has no `buffer`, by which libraries could write past it."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str, /) -> int:
        start = REDRAW if text.startswith(REDRAW) else ""
        self.stream.write(start + printable(text.removeprefix(start)))
        return len(text)

    def flush(self) -> None:
        self.stream.flush()

    def isatty(self) -> bool:
        return self.stream.isatty()

    def fileno(self) -> int:
        return self.stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a plain attribute of other streams
        return self.stream.encoding


@contextmanager
def plain_output() -> Iterator[None]:
    """Let stdout and stderr print plain text only inside the block, whoever writes to them."""
    out, err = _PlainStream(sys.stdout), _PlainStream(sys.stderr)
    with redirect_stdout(cast(TextIO, out)), redirect_stderr(cast(TextIO, err)):
        yield


def unguarded(stream: TextIO) -> TextIO:
    """Return the stream below one of `plain_output`, for what draws with escapes and cleans its own text."""
    return cast(TextIO, getattr(stream, "stream", stream))
