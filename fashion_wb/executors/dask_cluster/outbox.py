"""What a machine has to report, from the thread of its trials to the event loop that the controller asks."""

from __future__ import annotations

import asyncio
import threading

from fashion_wb.executors.dask_cluster.messages import Bytes, Report

_TAKE_BYTES = 8 << 20
# Enough to keep a network busy.
_FULL_REPORTS = 64


class Outbox:
    """Reports in order, put in by a thread and taken out by an event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """`loop` is the event loop that `take` runs in."""
        self._loop = loop
        self._reports: list[Report] = []
        self._lock = threading.Lock()
        self._filled = asyncio.Event()

    @property
    def empty(self) -> bool:
        """Whether everything was taken."""
        return not self._reports

    @property
    def is_full(self) -> bool:
        """Whether so much waits to be taken that more should come later."""
        return len(self._reports) >= _FULL_REPORTS

    def put(self, *reports: Report) -> None:
        """Add reports, from any thread."""
        if reports:
            with self._lock:
                self._reports += reports
            self._loop.call_soon_threadsafe(self._filled.set)

    async def take(self, seconds: float) -> list[Report]:
        """Return the oldest reports, up to some megabytes; wait for the first, up to `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._filled.wait()
        except TimeoutError:
            return []
        with self._lock:
            size, count = 0, 0
            while count < len(self._reports) and size < _TAKE_BYTES:
                report = self._reports[count]
                size += len(report.data) if isinstance(report, Bytes) else 0
                count += 1
            taken, self._reports[:count] = self._reports[:count], []
            if not self._reports:
                self._filled.clear()
        return taken
