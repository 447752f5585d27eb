"""Requests to the server that nobody waits for: a slow answer to one must not hold up the others."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

from fashion_wb.server.errors import ServerError


class Requests:
    """Sends each request from a thread of its own and collects the answers."""

    def __init__(self) -> None:
        self._answers: queue.SimpleQueue[tuple[Callable[[Any], None], Any]] = queue.SimpleQueue()

    def send(self, request: Callable[[], Any], take: Callable[[Any], None]) -> None:
        """Start a request; `deliver` gives its answer, or the ServerError it raised, to `take`."""
        # A daemon, so that a request that hangs does not keep an agent from ending.
        threading.Thread(target=self._run, args=(request, take), daemon=True).start()

    def deliver(self) -> None:
        """Hand over, in the calling thread, the answers that have come."""
        while True:
            try:
                take, answer = self._answers.get_nowait()
            except queue.Empty:
                return
            if isinstance(answer, Exception) and not isinstance(answer, ServerError):
                raise answer
            take(answer)

    def _run(self, request: Callable[[], Any], take: Callable[[Any], None]) -> None:
        try:
            answer: Any = request()
        except Exception as error:  # raised again by deliver, where it can be seen
            answer = error
        self._answers.put((take, answer))
