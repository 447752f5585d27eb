"""A wandb-core service that all trials of a fork server share.

A trial with a service of its own would wait half a second for it to start. The service belongs to a process
forked for it: starting it starts threads, and a process with threads cannot fork trials safely.

The service is stopped by SIGKILL. A service that shuts down cleanly marks the runs of trials that died as
finished with exit code 0. A service that is killed leaves their logs as they are.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from fashion_wb.executors.parent_death import die_with_parent

_START_SECONDS = 45


class CoreService:
    """A running service. Creating it does not wait for it to start."""

    def __init__(self, close_in_child: Sequence[socket.socket]) -> None:
        """Fork the process that runs the service.

        Import wandb first, so that the new process need not.

        Args:
            close_in_child: sockets that the new process closes.
        """
        self._gone = self._runs = False
        self._pipe, pipe = os.pipe()
        parent = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            for end in close_in_child:
                end.close()
            _run_service(pipe, parent)
        os.close(pipe)

    def token(self) -> str | None:
        """Wait for the service; return its WANDB_SERVICE value, or None if it failed to start."""
        with os.fdopen(self._pipe) as pipe:
            token = pipe.read() or None
        self._runs = token is not None
        return token

    def has_died(self, within: float = 0) -> bool:
        """Whether the service is gone, or goes `within` seconds, although nobody killed it here.

        Trials cannot log without it.
        """
        deadline = time.monotonic() + within
        while not self._gone:
            self._gone = os.waitpid(self._pid, os.WNOHANG)[0] != 0 or self._core_is_dead()
            if self._gone or time.monotonic() >= deadline:
                break
            time.sleep(0.005)
        return self._gone

    def _core_is_dead(self) -> bool:
        """Whether wandb-core, the child of the process forked here, is dead; on Linux, at once.

        The process needs a moment to notice. A trial may end in that moment, with status 0.
        """
        # Twice, because the child of a thread that ends passes to another one.
        return self._runs and not self._core_lives() and not self._core_lives()

    def _core_lives(self) -> bool:
        threads = list(Path(f"/proc/{self._pid}/task").glob("*/children"))
        return not threads or any(_is_alive(pid) for path in threads for pid in _read(path).split())

    def kill(self) -> None:
        """Kill the service; the logs of unfinished runs stay unfinished."""
        if not self.has_died():
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)


def _is_alive(pid: str) -> bool:
    state = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()[:1]
    return state not in ([], ["Z"], ["X"])


def _read(path: Path) -> str:
    with contextlib.suppress(OSError):  # what it is about has ended
        return path.read_text()
    return ""


def _run_service(pipe: int, parent: int) -> NoReturn:
    try:
        signal.set_wakeup_fd(-1)
        # A batch system sends it to everyone. Trials that end in good order still need the service.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        die_with_parent(parent)
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        import wandb

        # wandb gives a service 30 s to start, but waits for ever for one that dies while it says hello.
        signal.alarm(_START_SECONDS)
        wandb.setup(wandb.Settings(mode="offline"))
        signal.alarm(0)
        os.write(pipe, os.environ["WANDB_SERVICE"].encode())
        os.close(pipe)
        os.wait()  # for wandb-core, the only child, which has no reason to end
    finally:
        os._exit(1)
