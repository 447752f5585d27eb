"""Standard input, output and error as a command finds them: closed, full, or fit for ASCII only."""

from __future__ import annotations

import contextlib
import io
import os
import sys


def repair() -> None:
    """Open what is closed on the null device, and let nothing on stderr that cannot be printed end a command.

    A file that is opened later would otherwise get the number of a closed stream, and what a child prints
    would go into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest free number, which is this one
            os.set_inheritable(number, True)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 -- open until the process ends
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # for names that the user's locale lacks
    if isinstance(sys.stderr, io.TextIOWrapper) and _is_file(sys.stderr, 2):
        encoding = sys.stderr.encoding
        sys.stderr = _Messages(sys.stderr.detach(), encoding, "backslashreplace", line_buffering=True)


def _is_file(stream: io.TextIOWrapper, number: int) -> bool:
    try:
        return stream.fileno() == number
    except OSError:
        return False  # a test's, in memory


class _Messages(io.TextIOWrapper):
    """Progress and messages: lost if they cannot be written, such as to a file on a full disk."""

    def write(self, text: str, /) -> int:
        with contextlib.suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            super().flush()
