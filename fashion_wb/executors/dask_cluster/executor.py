"""Run trials on every machine that joins a Dask cluster."""

from __future__ import annotations

import hashlib
import os
import queue
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from fashion_wb.executors.dask_cluster.link import Gone, Link
from fashion_wb.executors.dask_cluster.messages import (
    Bytes,
    HandedBack,
    Leaving,
    Ready,
    Report,
    Signal,
    Start,
    TrialExited,
    TrialStarted,
    Welcome,
)
from fashion_wb.executors.dask_cluster.options import RENDEZVOUS, ClusterOptions
from fashion_wb.executors.dask_cluster.receiving import write_bytes
from fashion_wb.executors.dask_cluster.rendezvous import read_rendezvous, write_rendezvous
from fashion_wb.executors.machine_health import Doubt, MachineHealth, what_follows
from fashion_wb.executors.protocol import Event, Exited, Launch, Logged, Lost, SlotsChanged, Started

# Trials are offline: they need neither an account nor a way to the server, whose address may hold a password.
_SECRET = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "PROXY", "HEADERS")


@dataclass
class _Machine:
    node: str
    slots: int
    address: str
    leaving: str = ""
    doubt: Doubt | None = None
    keys: set[str] = field(default_factory=set)

    @property
    def in_use(self) -> bool:
        return not self.leaving and self.doubt is None

    @property
    def waits(self) -> bool:
        return not self.leaving and self.doubt is not None and not self.doubt.is_bad

    @property
    def free(self) -> int:
        return self.slots - len(self.keys) if self.in_use else 0


class DaskExecutor:
    """Trials on the machines of a Dask cluster. Use it as a context manager.

    Attributes:
        rendezvous: the file to give to `fashion-wb worker`; None if a running scheduler was joined.
    """

    def __init__(self, program: Path | None, cwd: Path, folder: Path, options: ClusterOptions) -> None:
        """Start or join the scheduler; with one of our own, write `folder`/cluster.json.

        Args:
            program: the script whose trials are forked, if any.
            cwd: the directory that trials run in, on this machine.
            folder: gets the rendezvous file.
            options: how to reach the machines.

        Raises:
            FashionWbError: the scheduler cannot be started or reached.
        """
        digest = hashlib.sha256(program.read_bytes()).hexdigest() if program is not None else ""
        welcome = Welcome("", program, digest, cwd, options.lost_after, _shared_variables())
        running = None if options.running is None else read_rendezvous(options.running)
        self._machines: dict[str, _Machine] = {}
        self._launches: dict[str, tuple[str, Launch]] = {}
        self._started_at: dict[str, float] = {}
        self._health = MachineHealth()
        self._pending: list[Event] = []
        self._link = Link(welcome, running, options.listen)
        self.rendezvous = None if running is not None else folder / RENDEZVOUS
        if self.rendezvous is not None and self._link.rendezvous is not None:
            try:
                write_rendezvous(self._link.rendezvous, self.rendezvous)
            except BaseException:
                self._link.close(dismiss=False)  # its thread would keep the process alive
                raise

    def __enter__(self) -> DaskExecutor:
        return self

    def __exit__(self, *exception: object) -> None:
        # Without an exception nothing is left to run. After one, workers wait for the command to run again.
        self._close(dismiss=exception[0] is None)

    @property
    def machines(self) -> list[str]:
        """The names of the machines that have joined."""
        return [machine.node for machine in self._machines.values()]

    @property
    def machine_count(self) -> int:
        """How many machines run trials now, or wait until it is known whether they are bad."""
        return sum(machine.in_use or machine.waits for machine in self._machines.values())

    @property
    def slots(self) -> int:
        """How many trials can run at once now, on the machines that stay."""
        return sum(machine.slots for machine in self._machines.values() if machine.in_use)

    @property
    def free(self) -> int:
        """How many of these slots are free."""
        return sum(machine.free for machine in self._machines.values())

    def start(self, launch: Launch) -> None:
        """Start a trial where the fewest have failed in a row; among such machines, where most is free."""
        token = max(self._machines, key=self._suitability)
        self._machines[token].keys.add(launch.key)
        self._launches[launch.key] = token, launch
        files = {path.relative_to(launch.home).as_posix(): path.read_bytes() for path in launch.files}
        self._link.send(token, Start(launch, files))

    def signal(self, key: str, number: signal.Signals) -> None:
        """Send a signal to a running trial; nothing happens if it has ended."""
        if key in self._launches:
            self._link.send(self._launches[key][0], Signal(key, int(number)))

    def _suitability(self, token: str) -> tuple[bool, int, int]:
        machine = self._machines[token]
        return machine.free > 0, -self._health.failures_in_a_row(machine.address), machine.free

    def trial_ended(self, exited: Exited, failed: bool) -> None:
        """Count what came of a trial; take out a machine on which one after the other fails."""
        self._health.count(exited.machine, failed)
        self._pending += self._review()

    def _review(self) -> list[Event]:
        """Decide which machines get trials; return what changes."""
        events: list[Event] = []
        present = {one.address for one in self._machines.values() if not one.leaving}
        for machine in self._machines.values():
            before = machine.doubt
            if before is not None and before.is_bad:
                continue
            machine.doubt = self._health.doubt(machine.address, present)
            if machine.doubt != before:
                events.append(SlotsChanged(self.slots, f"{machine.node} {what_follows(machine.doubt)}"))
        return events

    def events(self, timeout: float) -> list[Event]:
        """Return what happened since the last call; wait up to `timeout` seconds for the first."""
        events, self._pending = self._pending, []
        if events:
            return events
        try:
            message = self._link.inbox.get(timeout=timeout)
            while True:
                events += self._handle(*message)
                message = self._link.inbox.get_nowait()
        except queue.Empty:
            return events

    def close(self) -> None:
        """End all trials and leave the cluster; a scheduler of our own ends too, and its workers wait."""
        self._close(dismiss=False)

    def _close(self, dismiss: bool) -> None:
        if self.rendezvous is not None:
            self.rendezvous.unlink(missing_ok=True)
        self._link.close(dismiss)

    def _handle(self, token: str, address: str, report: Report | Gone) -> list[Event]:
        if isinstance(report, Ready):
            self._machines[token] = _Machine(report.node, report.slots, address)
            plural = "" if report.slots == 1 else "s"
            joined = f"{report.node} joined with {report.slots} slot{plural}"
            return [SlotsChanged(self.slots, joined), *self._review()]
        if isinstance(report, Gone):
            return self._machine_gone(token, address, report)
        machine = self._machines[token]
        if isinstance(report, Leaving):
            machine.leaving = report.reason
            leaving = f"{machine.node} is leaving ({report.reason})"
            return [SlotsChanged(self.slots, leaving), *self._review()]
        return self._handle_trial(token, machine, report)

    def _handle_trial(
        self,
        token: str,
        machine: _Machine,
        report: TrialStarted | Bytes | TrialExited | HandedBack,
    ) -> list[Event]:
        key = report.key
        current, launch = self._launches.get(key, ("", None))
        if launch is None or current != token or launch.attempt != report.attempt:
            return []  # of an attempt that is over
        match report:
            case TrialStarted():
                self._started_at[key] = time.monotonic()
                return [Started(key, " ".join(part for part in (machine.node, report.place) if part))]
            case Bytes():
                write_bytes(report, launch.home)
                return [Logged(key)]
            case TrialExited():
                seconds = time.monotonic() - self._started_at[key]
                self._link.longest = max(self._link.longest, seconds)
                self._forget(key)
                return [Exited(key, report.status, report.reason, machine.address)]
            case HandedBack():
                ran = key in self._started_at
                self._forget(key)
                return [Lost(key, f"{machine.node}: {report.reason}", ran, handed_back=True)]

    def _machine_gone(self, token: str, address: str, gone: Gone) -> list[Event]:
        machine, reason = self._machines.pop(token, None), gone.reason
        if machine is None:
            return [SlotsChanged(self.slots, f"{address} cannot be used: {reason}")]
        if gone.broken:
            self._health.count(address, failed=True)
        left = bool(machine.leaving)
        events: list[Event] = [
            Lost(key, f"{machine.node}: {reason}", handed_back=left, machine=address)
            for key in sorted(machine.keys)
        ]
        for key in list(machine.keys):
            self._forget(key)
        events.append(SlotsChanged(self.slots, f"{machine.node} left ({machine.leaving or reason})"))
        return [*events, *self._review()]

    def _forget(self, key: str) -> None:
        token, _ = self._launches.pop(key)
        self._started_at.pop(key, None)
        if token in self._machines:
            self._machines[token].keys.discard(key)


def _shared_variables() -> dict[str, str]:
    """Return what trials elsewhere need of this process's environment: W&B's settings, but no secret."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("WANDB_", "FASHION_WB_"))
        and name not in ("WANDB_SERVICE", "WANDB_DIR")
        and not any(word in name for word in _SECRET)
    }
