"""One machine's trials, in the process of its Dask worker.

The controller calls `attach`, `deliver` and `collect` through Dask. The trials themselves belong to a thread
that lives as long as the connection. If the controller is not heard of for too long, the thread ends them:
someone else may run them by now.
"""

from __future__ import annotations

import asyncio
import queue
import select
import shutil
import signal
import socket
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from fashion_wb.errors import FashionWbError
from fashion_wb.executors.dask_cluster.messages import (
    HandedBack,
    Leaving,
    Order,
    Ready,
    Report,
    Start,
    TrialExited,
    TrialStarted,
    Welcome,
)
from fashion_wb.executors.dask_cluster.outbox import Outbox
from fashion_wb.executors.dask_cluster.shipping import AT_ONCE, Shipper
from fashion_wb.executors.local import LocalExecutor
from fashion_wb.executors.protocol import Exited, Launch, Started
from fashion_wb.executors.slots import Slot
from fashion_wb.runlog.last_record import last_record_delay
from fashion_wb.runlog.reader import RunLogError, find_run_log, read_run_log

_POLL_SECONDS = 0.05
_COLLECT_SECONDS = 1.0
# A machine needs this long to stop its trials and send what they wrote.
_CLEAR_SECONDS = 15.0
# A signal to every process of a machine reaches all of them within this time.
_SIGNAL_SECONDS = 2.0


@dataclass
class _Running:
    """A trial whose process runs, or has exited while its log is still incomplete."""

    launch: Launch
    home: Path
    shipper: Shipper
    stopped: bool = False  # by the controller, which wants to know how it ended
    handed_back: bool = False
    status: int | None = None
    reason: str = ""
    log_deadline: float = 0.0
    leave_deadline: float = 0.0


@dataclass
class Host:
    """The trials that one controller runs on this machine.

    Attributes:
        welcome: what the controller said.
        slots: what each trial gets of this machine.
        scratch: a folder of this machine's own for what trials write, until it is sent.
        loop: the event loop that `collect` runs in.
        ends_at: time.time() at which the machine's time is up; None if it has no end.
        longest: seconds that the longest trial of any machine has taken so far.
        leave_at: time.monotonic() at which trials that still run are stopped and handed back; None if the
            machine stays.
        leaving: why the machine goes away; "" if it stays.
        closed: whether it has ended its trials, and takes no more.
        problem: why it could not go on, such as a full disk; "" if it was closed.
    """

    welcome: Welcome
    slots: tuple[Slot, ...]
    scratch: Path
    loop: asyncio.AbstractEventLoop
    ends_at: float | None = None
    longest: float = 0.0
    leave_at: float | None = None
    leaving: str = ""
    closed: bool = False
    problem: str = ""
    _orders: queue.SimpleQueue[Order] = field(default_factory=queue.SimpleQueue)
    _running: dict[str, _Running] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.heard_at = time.monotonic()
        self._wake, self._woken = socket.socketpair()
        self._outbox = Outbox(self.loop)
        self._said_leaving = False
        self._thread = threading.Thread(target=self._run, name="trials")
        self._thread.start()

    @property
    def has_left(self) -> bool:
        """Whether it has said that it leaves, no trial runs and everything has been sent."""
        return self._said_leaving and self.idle

    @property
    def idle(self) -> bool:
        """Whether no trial runs and everything has been sent."""
        return not self._running and self._outbox.empty and self._orders.empty()

    def deliver(self, orders: list[Order]) -> None:
        """Take orders from the controller."""
        self.heard_at = time.monotonic()
        for order in orders:
            self._orders.put(order)
        self._wake.send(b".")

    async def collect(self, longest: float) -> list[Report]:
        """Return what happened, in order; wait up to a second for something."""
        self.heard_at, self.longest = time.monotonic(), longest
        taken = await self._outbox.take(_COLLECT_SECONDS)
        self.heard_at = time.monotonic()
        return taken

    def leave(self, reason: str, grace: float) -> None:
        """Take no more trials; stop those that still run after `grace` seconds, and hand them back."""
        self.leaving, self.leave_at = reason, time.monotonic() + grace

    def close(self) -> None:
        """Kill the trials and forget them."""
        self.closed = True
        self._wake.send(b".")
        self._thread.join()

    def _run(self) -> None:
        # The executor's server dies with the thread that started it, so one thread does everything.
        try:
            with LocalExecutor(self.welcome.program, self.slots) as executor:
                self._outbox.put(Ready(socket.gethostname(), 0 if self.leaving else len(self.slots)))
                while not self.closed and time.monotonic() - self.heard_at < self.welcome.lost_after:
                    select.select([executor.fileno(), self._woken.fileno()], [], [], _POLL_SECONDS)
                    self._step(executor)
        except (FashionWbError, OSError) as error:
            self.problem = str(error).partition(". ")[0]  # the rest says what to do on one machine
        finally:
            self.closed = True
            shutil.rmtree(self.scratch, ignore_errors=True)

    def _step(self, executor: LocalExecutor) -> None:
        if select.select([self._woken], [], [], 0)[0]:
            self._woken.recv(4096)
        while not self._orders.empty():
            self._obey(self._orders.get(), executor)
        for event in executor.events(0):
            if isinstance(event, Started):
                self._outbox.put(
                    TrialStarted(event.key, self._running[event.key].launch.attempt, event.place)
                )
            elif isinstance(event, Exited):
                self._trial_exited(event)
        for running in list(self._running.values()):
            self._ship(running)
        if self.ends_at is not None and self.leave_at is None:
            left = self.ends_at - time.time() - _CLEAR_SECONDS
            if left < self.longest:
                self.leave("its time is nearly up", max(0.0, left))
        if self.leave_at is not None:
            self._prepare_to_leave(executor)

    def _obey(self, order: Order, executor: LocalExecutor) -> None:
        if not isinstance(order, Start):
            if order.key in self._running:
                self._running[order.key].stopped = True
                executor.signal(order.key, signal.Signals(order.number))
            return
        launch = order.launch
        if self.leaving:
            self._outbox.put(HandedBack(launch.key, launch.attempt, self.leaving))
            return
        home = self.scratch / f"{launch.key}-{launch.attempt}"
        for name, content in order.files.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_bytes(content)
        # A program is only given where its trials are forked; then it is the one that this machine has.
        script = None if launch.script is None else self.welcome.program
        launch = replace(launch.moved(home), cwd=self.welcome.cwd, script=script)
        launch.output.parent.mkdir(parents=True, exist_ok=True)
        (home / "resume" / launch.key).mkdir(parents=True, exist_ok=True)
        self._running[launch.key] = _Running(launch, home, Shipper(launch.key, launch.attempt, home))
        executor.start(launch)

    def _trial_exited(self, event: Exited) -> None:
        running = self._running[event.key]
        running.status, running.reason = event.status, event.reason
        running.log_deadline = time.monotonic() + last_record_delay(event.status)
        running.leave_deadline = time.monotonic() + _SIGNAL_SECONDS

    def _ship(self, running: _Running) -> None:
        key, attempt, status = running.launch.key, running.launch.attempt, running.status
        if self._outbox.is_full:
            return
        if status is None:
            self._outbox.put(*running.shipper.growth())
            return
        if not _log_is_complete(running) and time.monotonic() < running.log_deadline:
            return
        if self._may_be_leaving(running) and time.monotonic() < running.leave_deadline:
            return
        if status != 0:  # it may start again, on another machine
            self._outbox.put(*running.shipper.checkpoint())
        parts = list(running.shipper.everything())
        self._outbox.put(*parts)
        if len(parts) == AT_ONCE:
            return
        # A batch system sends its SIGTERM to the trials too.
        if status != 0 and (running.handed_back or (self.leaving and not running.stopped)):
            self._outbox.put(HandedBack(key, attempt, self.leaving))
        else:
            self._outbox.put(TrialExited(key, attempt, status, running.reason))
        del self._running[key]
        shutil.rmtree(running.home, ignore_errors=True)

    def _may_be_leaving(self, running: _Running) -> bool:
        # A batch system's SIGTERM may reach the trial before this process.
        return running.status == -signal.SIGTERM and not (running.stopped or self.leaving)

    def _prepare_to_leave(self, executor: LocalExecutor) -> None:
        if not self._said_leaving:
            self._said_leaving = True
            self._outbox.put(Leaving(self.leaving))
        if self.leave_at is not None and time.monotonic() > self.leave_at:
            for key, running in self._running.items():
                if not running.handed_back and running.status is None:
                    running.handed_back = True
                    executor.signal(key, signal.SIGTERM)


def _log_is_complete(running: _Running) -> bool:
    path = find_run_log(running.home, running.launch.key)
    try:
        return path is None or read_run_log(path).exit_code is not None
    except RunLogError:
        return True  # the controller finds the same damage, and says so
