"""Send requests to the server in the background, so that a slow answer to one does not hold up the others."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

from fashion_wb.server.errors import ServerError


class BackgroundRequests:
    """Sends each request from its own thread and collects the answers."""

    def __init__(self) -> None:
        self._answers: queue.SimpleQueue[tuple[Callable[[Any], None], Any]] = queue.SimpleQueue()

    def send(self, request: Callable[[], Any], on_answer: Callable[[Any], None]) -> None:
        """Start a request; `deliver` passes its answer, or the ServerError it raised, to `on_answer`."""
        # A daemon thread, so that a request that hangs does not keep the agent from exiting.
        threading.Thread(target=self._run, args=(request, on_answer), daemon=True).start()

    def deliver(self) -> None:
        """Pass the answers received so far to their callbacks, in the calling thread."""
        while True:
            try:
                on_answer, answer = self._answers.get_nowait()
            except queue.Empty:
                return
            if isinstance(answer, Exception) and not isinstance(answer, ServerError):
                raise answer
            on_answer(answer)

    def _run(self, request: Callable[[], Any], on_answer: Callable[[Any], None]) -> None:
        try:
            answer: Any = request()
        except Exception as error:  # deliver raises it in the main thread, where it is seen
            answer = error
        self._answers.put((on_answer, answer))
