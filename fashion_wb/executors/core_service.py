"""A wandb-core service that all trials of a fork server share.

A trial with a service of its own would wait half a second for it to start. The service belongs to a process
forked for it, because starting it starts threads, after which nothing more could be forked.

It is ended by SIGKILL. A service that shuts down in good order marks the runs of trials that died as finished
with exit code 0; one that loses its clients leaves their logs as they are.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Sequence
from typing import NoReturn

from fashion_wb.executors.parent_death import die_with_parent


class CoreService:
    """A running service; starting it does not wait for it."""

    def __init__(self, not_for_it: Sequence[socket.socket]) -> None:
        """Fork its holder, which closes the sockets `not_for_it`; wandb should be imported by now."""
        self._pipe, pipe = os.pipe()
        parent = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            for end in not_for_it:
                end.close()
            _hold(pipe, parent)
        os.close(pipe)

    def token(self) -> str | None:
        """The value of WANDB_SERVICE that leads to it, once it runs; None if it does not start."""
        with os.fdopen(self._pipe) as pipe:
            return pipe.read() or None

    def kill(self) -> None:
        """End it, leaving the logs of runs that were not finished without an end."""
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)


def _hold(pipe: int, parent: int) -> NoReturn:
    try:
        signal.set_wakeup_fd(-1)
        die_with_parent(parent)
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nothing, standard)
        import wandb

        wandb.setup(wandb.Settings(mode="offline"))
        os.write(pipe, os.environ["WANDB_SERVICE"].encode())
        os.close(pipe)
        while True:
            signal.pause()
    finally:
        os._exit(1)
