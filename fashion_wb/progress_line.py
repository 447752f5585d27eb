"""Show the progress of a count: a line that updates in place on a terminal, or a line every 5 s in a log."""

from __future__ import annotations

import time
from typing import TextIO

from fashion_wb.foreign_text import REDRAW

_REFRESH_SECONDS = 0.2
_LOG_SECONDS = 5.0


class ProgressLine:
    """Shows `label: done/total` with the time left."""

    def __init__(self, label: str, stream: TextIO) -> None:
        self._label = label
        self._stream = stream
        self._on_terminal = stream.isatty()
        self._started = time.monotonic()
        self._shown = self._started
        self._first_done: int | None = None

    def update(self, done: int, total: int) -> None:
        """Show `done` of `total`, at most 5 times a second on a terminal, or every 5 s in a log file."""
        now = time.monotonic()
        if self._first_done is None:
            self._first_done, self._started = done, now
        interval = _REFRESH_SECONDS if self._on_terminal else _LOG_SECONDS
        if now - self._shown < interval:
            return
        self._shown = now
        line = f"{self._label}: {done}/{total}{self._time_left(done, total, now)}"
        if self._on_terminal:
            print(f"{REDRAW}{line}", end="", file=self._stream, flush=True)
        else:
            print(line, file=self._stream, flush=True)

    def finish(self, line: str) -> None:
        """Print `line` in place of the progress line."""
        print(f"{REDRAW}{line}" if self._on_terminal else line, file=self._stream, flush=True)

    def _time_left(self, done: int, total: int, now: float) -> str:
        gained = done - (self._first_done or 0)
        if gained <= 0 or done >= total:
            return ""
        return f", ~{(total - done) * (now - self._started) / gained:.0f} s left"
