"""The process that starts trials: imports what they need once, then forks a child for each.

`executors.local` runs it as `python -m fashion_wb.executors.fork_server FD` and speaks to it in JSON lines
over the socket FD. It stays single-threaded and never touches CUDA, so that its children may. When its client
goes away, however that happens, it kills every trial: nothing outlives a killed sweep.
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
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fashion_wb.executors import child as child_process
from fashion_wb.executors.core_service import CoreService
from fashion_wb.executors.parent_death import die_with_parent
from fashion_wb.sweepfile.program import load_hook


def _finish_imports(before_fork: str | None) -> None:
    """Do now what the imported modules would do first in every trial."""
    if "wandb" in sys.modules:
        from fashion_wb.wandb_private import list_packages_once

        list_packages_once()
    if before_fork is not None:
        load_hook(before_fork)()
    elif "torch" in sys.modules:
        # The first optimiser of a process imports torch.compile, whether it is used or not: seconds.
        torch = sys.modules["torch"]
        torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)


@dataclass
class _Child:
    """A forked process.

    Attributes:
        key: the trial's.
        request: what the trial was started with.
        closing: descriptor on which the trial says that it has ended its runs; None if nobody asks.
        told_to_end: whether it was sent SIGTERM.
        status: of the trial, once this child is the one that ends its run for it.
    """

    key: str
    request: dict[str, Any]
    closing: int | None = None
    told_to_end: bool = False
    status: int | None = None


class ForkServer:
    """Starts, watches and signals trials on behalf of one client."""

    def __init__(self, client: socket.socket) -> None:
        self.client = client
        self.children: dict[int, _Child] = {}
        self.service: CoreService | None = None
        self.service_token: str | None = None
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
        sys.path[0] = directory
        # What fails here fails again in the trial, which says so in its own words.
        with contextlib.suppress(Exception):
            importlib.import_module("wandb")
            self.service = CoreService([self.client, *self._wakeups])
        for name in modules:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        with contextlib.suppress(Exception):
            _finish_imports(before_fork)
        self.service_token = None if self.service is None else self.service.token()
        gc.collect()
        gc.freeze()  # the children share these objects' pages for as long as nobody touches them

    def unsafe_to_fork(self) -> str:
        """Why a forked child could not work, or nothing."""
        if threading.active_count() > 1:
            return f"importing it starts threads ({threading.enumerate()[-1].name})"
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_initialized():
            return "importing it initialises CUDA"
        return ""

    def serve(self) -> None:
        """Answer the client until it goes away."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._wakeups[0]:
                    self._reap()
                elif not self._receive():
                    return

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
            self._send({"event": "ready", "unsafe": self.unsafe_to_fork()})
        elif request["do"] == "start":
            self._start(request)
        elif request["do"] == "signal":
            self._signal(request["key"], request["number"])

    def _start(self, request: dict[str, Any]) -> None:
        child = _Child(request["key"], request)
        warm = request["program"] is not None and self.service_token is not None
        closing: int | None = None
        if warm:
            request["env"].setdefault("WANDB_SERVICE", self.service_token)
        if warm and request["run_id"] is not None:
            child.closing, closing = os.pipe()
        self._fork(child, lambda: child_process.run(request, closing))
        if closing is not None:
            os.close(closing)

    def _fork(self, child: _Child, become: Callable[[], object]) -> None:
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._leave(parent, become)
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)
        self.children[pid] = child

    def _leave(self, parent: int, become: Callable[[], object]) -> None:
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
                child.told_to_end = child.told_to_end or number == signal.SIGTERM
                with contextlib.suppress(ProcessLookupError):
                    # SIGTERM goes to the program alone, as from W&B's agent; a kill takes its children too.
                    (os.killpg if number == signal.SIGKILL else os.kill)(pid, number)

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wakeups[0].recv(4096)
        for pid in list(self.children):
            done, raw = os.waitpid(pid, os.WNOHANG)
            if done:
                child = self.children.pop(pid)
                status = os.waitstatus_to_exitcode(raw)
                if self._left_its_run_open(child):
                    self._end_run_of(child, status)
                else:
                    status = status if child.status is None else child.status
                    self._send({"event": "exited", "key": child.key, "status": status})

    def _left_its_run_open(self, child: _Child) -> bool:
        if child.closing is None:
            return False
        with os.fdopen(child.closing, "rb", buffering=0) as closing:
            os.set_blocking(closing.fileno(), False)
            return not closing.read(1)  # b"" or None: its subprocesses may hold the other end

    def _end_run_of(self, child: _Child, status: int) -> None:
        code = child_process.exit_code_of(status, child.told_to_end)
        closer = _Child(child.key, child.request, status=status)
        self._fork(closer, lambda: child_process.end_run(child.request, code))

    def _send(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(ConnectionError):
            self.client.sendall(json.dumps(message).encode() + b"\n")


def main() -> None:
    """Serve the socket whose descriptor is the first argument."""
    die_with_parent(os.getppid())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the client to hear
    server = ForkServer(socket.socket(fileno=int(sys.argv[1])))
    try:
        server.serve()
    finally:
        server.close()
        os._exit(0)  # what was imported has exit hooks of its own, which have nothing to say here


if __name__ == "__main__":
    main()
