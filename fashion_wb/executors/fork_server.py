"""The process that trials are forked from: it imports what they need once, then forks a child for each.

`executors.local` runs it as `python -P -m fashion_wb.executors.fork_server FD` and talks to it in JSON lines
over the socket FD. It stays single-threaded and never initialises CUDA, so that forked children work. When
its client goes away, for whatever reason, it kills every trial: no process outlives a killed sweep.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fashion_wb.executors import trial_process
from fashion_wb.executors.core_service import CoreService
from fashion_wb.executors.memory import MemoryWatch
from fashion_wb.executors.parent_death import die_with_parent
from fashion_wb.executors.preloading import import_all, unsafe_to_fork

# A trial may fail for want of wandb-core before the process that runs it has noticed.
_NOTICE_SECONDS = 0.3


@dataclass
class _Child:
    """A forked process.

    Attributes:
        key: the key of its trial.
        request: what the trial was started with.
        runs_finished: descriptor from which a byte can be read once the trial has finished its W&B runs; None
            if nobody needs to know.
        left_run_unfinished: whether it has ended without that.
        asked_to_stop: whether it was sent SIGTERM.
        trial_status: the exit status of the dead trial whose run this child finishes; None if this child is
            the trial itself.
        killed_because: why this server killed it; "" if it did not.
    """

    key: str
    request: dict[str, Any]
    runs_finished: int | None = None
    left_run_unfinished: bool = False
    asked_to_stop: bool = False
    trial_status: int | None = None
    killed_because: str = ""


class ForkServer:
    """Starts, watches and signals trials for one client."""

    def __init__(self, client: socket.socket) -> None:
        self.client = client
        self.children: dict[int, _Child] = {}
        self.service: CoreService | None = None
        self.service_token: str | None = None
        self._memory = MemoryWatch()
        self._received = b""
        self._selector = selectors.DefaultSelector()
        self._selector.register(client, selectors.EVENT_READ)
        self._wakeups = socket.socketpair()
        for end in self._wakeups:
            end.setblocking(False)
        signal.set_wakeup_fd(self._wakeups[1].fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        self._selector.register(self._wakeups[0], selectors.EVENT_READ)

    def preload(self, modules: list[str], directory: str, before_fork: str | None) -> None:
        """Start the shared service and, meanwhile, import modules as a script in `directory` would."""
        sys.path.insert(0, directory)
        # An import that fails here fails again in the trial, whose output shows the error.
        with contextlib.suppress(Exception):
            importlib.import_module("wandb")
            self.service = CoreService([self.client, *self._wakeups])
        import_all(modules, before_fork)
        self.service_token = None if self.service is None else self.service.token()
        gc.collect()
        gc.freeze()  # the children share the pages of these objects until something writes to them

    def serve(self) -> None:
        """Answer the client until it goes away."""
        while True:
            for key, _ in self._selector.select(self._memory.wait):
                if key.fileobj is self._wakeups[0]:
                    ended = self._reap()
                    if self._service_died(ended):
                        # Instead of the ends of trials, which may have failed because of it.
                        self._send({"event": "died", "what": "wandb-core, which all trials log through,"})
                        return
                    for child, status in ended:
                        self._ended(child, status)
                elif not self._receive():
                    return
            for pid, reason in self._memory.kill_too_large().items():
                self.children[pid].killed_because = reason

    def close(self) -> None:
        """Kill every trial and the shared service."""
        for pid in self.children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        if self.service is not None:
            self.service.kill()

    def _receive(self) -> bool:
        try:
            data = self.client.recv(1 << 16)
        except ConnectionError:
            return False
        if not data:
            return False
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            self._handle(json.loads(line))
        return True

    def _handle(self, request: dict[str, Any]) -> None:
        if request["do"] == "preload":
            self.preload(request["modules"], request["directory"], request["before_fork"])
            self._send({"event": "ready", "unsafe": unsafe_to_fork()})
        elif request["do"] == "start":
            self._start(request)
        elif request["do"] == "signal":
            self._signal(request["key"], request["number"])

    def _start(self, request: dict[str, Any]) -> None:
        trial = _Child(request["key"], request)
        warm = request["program"] is not None and self.service_token is not None
        runs_finished: int | None = None
        if warm:
            request["env"].setdefault("WANDB_SERVICE", self.service_token)
        if warm and request["run_id"] is not None:
            trial.runs_finished, runs_finished = os.pipe()
        pid = self._fork(trial, lambda: trial_process.run_trial(request, runs_finished))
        if request["memory"] is not None:
            self._memory.add(pid, request["memory"])
        if runs_finished is not None:
            os.close(runs_finished)

    def _fork(self, child: _Child, become: Callable[[], object]) -> int:
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        # The server ignores SIGTERM. A trial must not, not even one that comes before it has said so.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        pid = os.fork()
        if pid == 0:
            self._run_in_child(parent, become)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)
        self.children[pid] = child
        return pid

    def _run_in_child(self, parent: int, become: Callable[[], object]) -> None:
        try:
            signal.set_wakeup_fd(-1)
            self._selector.close()
            for end in (self.client, *self._wakeups):
                end.close()
            os.setpgid(0, 0)
            die_with_parent(parent)
            become()
        finally:
            os._exit(127)

    def _signal(self, key: str, number: int) -> None:
        for pid, child in self.children.items():
            if child.key == key:
                child.asked_to_stop = child.asked_to_stop or number == signal.SIGTERM
                with contextlib.suppress(ProcessLookupError):
                    # SIGTERM goes to the program alone, as from W&B's agent. A kill includes its children.
                    (os.killpg if number == signal.SIGKILL else os.kill)(pid, number)

    def _reap(self) -> list[tuple[_Child, int]]:
        """Return the children that have ended, and their exit statuses."""
        ended: list[tuple[_Child, int]] = []
        with contextlib.suppress(BlockingIOError):
            self._wakeups[0].recv(4096)
        for pid in list(self.children):
            done, raw = os.waitpid(pid, os.WNOHANG)
            if not done:
                continue
            # What a trial leaves behind would take memory and GPUs from the trials that follow.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            self._memory.remove(pid)
            child = self.children.pop(pid)
            child.left_run_unfinished = self._left_run_unfinished(child)
            ended.append((child, os.waitstatus_to_exitcode(raw)))
        return ended

    def _service_died(self, ended: list[tuple[_Child, int]]) -> bool:
        """Tell whether the shared service is gone. A trial that has failed may have noticed first.

        A trial may exit with 0 although wandb could not finish its run.
        """
        suspected = any(status > 0 or (status == 0 and one.left_run_unfinished) for one, status in ended)
        return self.service is not None and self.service.has_died(_NOTICE_SECONDS if suspected else 0)

    def _ended(self, child: _Child, status: int) -> None:
        if child.left_run_unfinished:
            self._finish_run_of(child, status)
            return
        if child.trial_status is not None:
            status = child.trial_status
        # A trial that ended by itself just before was not killed.
        reason = child.killed_because if status == -signal.SIGKILL else ""
        self._send({"event": "exited", "key": child.key, "status": status, "reason": reason})

    def _left_run_unfinished(self, child: _Child) -> bool:
        if child.runs_finished is None:
            return False
        with os.fdopen(child.runs_finished, "rb", buffering=0) as runs_finished:
            os.set_blocking(runs_finished.fileno(), False)
            return not runs_finished.read(1)  # b"", or None while its subprocesses hold the other end

    def _finish_run_of(self, dead: _Child, status: int) -> None:
        code = trial_process.wandb_exit_code(status, dead.asked_to_stop)
        finisher = _Child(dead.key, dead.request, trial_status=status, killed_because=dead.killed_because)
        self._fork(finisher, lambda: trial_process.finish_run(dead.request, code))

    def _send(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(ConnectionError):
            self.client.sendall(json.dumps(message).encode() + b"\n")


def main() -> None:
    """Serve the client at the other end of the socket whose descriptor is the first argument."""
    die_with_parent(os.getppid())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # for the client, though a batch system sends it to everyone
    server = ForkServer(socket.socket(fileno=int(sys.argv[1])))
    try:
        server.serve()
    finally:
        server.close()
        os._exit(0)  # skips the exit hooks of imported modules, which belong to the trials


if __name__ == "__main__":
    main()
