"""How far a count has come: a moving line on a terminal, and now and then a line in a plain log."""

from __future__ import annotations

import time
from typing import TextIO

_REFRESH_SECONDS = 0.2
_LOG_SECONDS = 5.0


class ProgressLine:
    """Shows `what: done/total` with the time left."""

    def __init__(self, what: str, stream: TextIO) -> None:
        self._what = what
        self._stream = stream
        self._moving = stream.isatty()
        self._started = time.monotonic()
        self._shown = self._started
        self._first: int | None = None

    def update(self, done: int, total: int) -> None:
        """Say that `done` of `total` are done; printed at most five times a second, in a log every 5 s."""
        now = time.monotonic()
        if self._first is None:
            self._first, self._started = done, now
        pause = _REFRESH_SECONDS if self._moving else _LOG_SECONDS
        if now - self._shown < pause:
            return
        self._shown = now
        line = f"{self._what}: {done}/{total}{self._left(done, total, now)}"
        if self._moving:
            print(f"\r\x1b[K{line}", end="", file=self._stream, flush=True)
        else:
            print(line, file=self._stream, flush=True)

    def end(self, line: str) -> None:
        """Take the moving line away and leave `line` in its place."""
        print(f"\r\x1b[K{line}" if self._moving else line, file=self._stream, flush=True)

    def _left(self, done: int, total: int, now: float) -> str:
        gained = done - (self._first or 0)
        if gained <= 0 or done >= total:
            return ""
        return f", ~{(total - done) * (now - self._started) / gained:.0f} s left"
