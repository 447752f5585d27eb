"""The agent's main loop: send heartbeats, start what the server hands out, collect exits, stop."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from fashion_wb.agent.background import BackgroundRequests
from fashion_wb.agent.launcher import Launcher
from fashion_wb.agent.outage import OutageMonitor
from fashion_wb.agent.progress import AgentProgress
from fashion_wb.agent.protocol import Command, SweepOnServer, heartbeat
from fashion_wb.agent.run_cap import CapCheck, check_run_cap, has_no_runs_left, heartbeat_if_runs_left
from fashion_wb.agent.slot import Slot, find_running
from fashion_wb.agent.stop_signals import StopRequest, catch_stop_signals
from fashion_wb.agent.stopping import TrialStopper
from fashion_wb.errors import FashionWbError
from fashion_wb.executors.protocol import Exited
from fashion_wb.offline.breaker import CircuitBreaker
from fashion_wb.server.connection import Server
from fashion_wb.server.errors import NotFound, ServerError, Unreachable
from fashion_wb.trial import Trial, TrialState

_POLL_SECONDS = 0.05
# W&B's agent sends heartbeats at this interval.
_HEARTBEAT_SECONDS = 5.0
# W&B's own variable that makes an agent continue with a program that always fails.
_NO_BREAKER_VARIABLE = "WANDB_AGENT_DISABLE_FLAPPING"


@dataclass
class Agent:
    """Runs trials of one sweep until the sweep is over or something stops the agent.

    Attributes:
        server, target: W&B's server and the sweep.
        launcher: starts trials.
        slots: one for each trial that may run at the same time.
        progress: prints what happens.
        count: most trials to start; None for no limit of its own.
        outage: the agent gives up when the outage has lasted too long and no trial is running.
    """

    server: Server
    target: SweepOnServer
    launcher: Launcher
    slots: list[Slot]
    progress: AgentProgress
    count: int | None
    outage: OutageMonitor
    _requests: BackgroundRequests = field(default_factory=BackgroundRequests)
    _breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    _started: int = 0
    _cap_reached: bool = True  # assumed until the server says otherwise
    _asks_for_runs: bool = True
    _starts_runs: bool = True  # false once a user or a failure stops the agent
    _deleted: bool = False
    _checking_if_over: bool = False
    _next_check: float = 0.0
    _handled_request: StopRequest = StopRequest.NONE
    _failure: FashionWbError | None = None

    def __post_init__(self) -> None:
        self._stopper = TrialStopper(self.launcher.executor)
        self._may_break = os.environ.get(_NO_BREAKER_VARIABLE) != "true"

    def run(self) -> None:
        """Work until there is nothing left to do.

        Raises:
            Interrupted: Ctrl-C or SIGTERM.
            FashionWbError: the program always fails, the sweep was deleted, the server refuses or has not
                answered for too long, or the fork server died.
        """
        with catch_stop_signals() as signals:
            while signals.requested < StopRequest.KILL_TRIALS and not self._is_done():
                self._handle_stop_request(signals.requested)
                self._send_heartbeats()
                for event in self.launcher.executor.events(_POLL_SECONDS):
                    if isinstance(event, Exited):
                        self._trial_exited(event)
                self._requests.deliver()
                self._stopper.kill_overdue(self.slots)
                self.progress.refresh([slot.running.trial.run_id for slot in self.slots if slot.running])
            self.progress.clear()
        if self._failure is not None:
            raise self._failure
        if signals.requested:
            raise signals.error()

    # Heartbeats and commands

    def _send_heartbeats(self) -> None:
        now = time.monotonic()
        for slot in self.slots:
            if slot.awaiting_heartbeat or now < slot.heartbeat_due or self._deleted:
                continue
            if slot.run_ids or self._may_ask(slot):
                self._send_heartbeat(slot, slot.run_ids)
            self._start_next(slot)

    def _send_heartbeat(self, slot: Slot, run_ids: list[str]) -> None:
        slot.awaiting_heartbeat = True
        request: Callable[[], list[Command] | None] = partial(heartbeat, self.server, slot.agent_id, run_ids)
        path, cap = self.target.path, self.target.sweep.run_cap
        if not run_ids and self._cap_reached and cap is not None:
            request = partial(heartbeat_if_runs_left, self.server, path, cap, slot.agent_id)
        self._requests.send(request, partial(self._answered, slot, run_ids))

    def _may_ask(self, slot: Slot) -> bool:
        expected = self._started + sum(each.expected_starts for each in self.slots)
        return self._asks_for_runs and not slot.closed and (self.count is None or expected < self.count)

    def _answered(self, slot: Slot, run_ids: list[str], answer: list[Command] | ServerError | None) -> None:
        slot.awaiting_heartbeat = False
        if slot.run_ids == run_ids:
            slot.heartbeat_due = time.monotonic() + _HEARTBEAT_SECONDS
        if isinstance(answer, ServerError):
            self._request_failed(answer)
            return
        self.outage.request_answered()
        if answer is None:
            self._asks_for_runs = False
            return
        for command in answer:
            self._execute(command, slot)
        self._start_next(slot)
        self._check_if_over()

    def _execute(self, command: Command, slot: Slot) -> None:
        if command.kind in ("run", "resume") and self._starts_runs:
            slot.assigned.append(command)
        elif command.kind == "stop" and slot.running and slot.running.trial.run_id == command.run_id:
            self._stopper.stop([slot])
        elif command.kind == "exit":
            slot.closed = True
            slot.assigned.clear()
            self._stopper.stop([slot])

    def _start_next(self, slot: Slot) -> None:
        """Start the next assigned run, once it is known to be within the run cap."""
        if slot.running is not None or slot.awaiting_cap_check or not slot.assigned:
            return
        cap, command = self.target.sweep.run_cap, slot.assigned[0]
        if cap is None or command.resumes:
            self._launch(slot)
            return
        slot.awaiting_cap_check = True
        request = partial(check_run_cap, self.server, self.target.path, command.run_id, cap)
        self._requests.send(request, partial(self._cap_checked, slot))

    def _cap_checked(self, slot: Slot, answer: CapCheck | ServerError) -> None:
        slot.awaiting_cap_check = False
        if isinstance(answer, ServerError):
            self._request_failed(answer)  # the next heartbeat repeats the check
            return
        self._cap_reached = answer.reached
        if slot.assigned and answer.allowed:
            self._launch(slot)
        elif slot.assigned:
            self.progress.run_beyond_cap(slot.assigned.pop(0).run_id)
            self._asks_for_runs = False

    def _check_if_over(self) -> None:
        """Ask whether the sweep is over, since the server may hand out nothing without saying why."""
        now = time.monotonic()
        if self._checking_if_over or now < self._next_check or any(slot.run_ids for slot in self.slots):
            return
        self._checking_if_over, self._next_check = True, now + _HEARTBEAT_SECONDS
        request = partial(has_no_runs_left, self.server, self.target.path, self.target.sweep.run_cap)
        self._requests.send(request, self._over_checked)

    def _over_checked(self, answer: bool | ServerError) -> None:
        self._checking_if_over = False
        if isinstance(answer, ServerError):
            self._request_failed(answer)
        elif answer:
            self._asks_for_runs = False

    def _request_failed(self, error: ServerError) -> None:
        idle = not any(slot.running for slot in self.slots)
        if isinstance(error, NotFound):
            self._deleted = True
            self._fail(ServerError(f"sweep {self.target.path} no longer exists: {error}"))
        elif not isinstance(error, Unreachable) or (self.outage.lasted_too_long and idle):
            self._fail(error)
        else:
            self.outage.request_failed(error)

    # Trials

    def _launch(self, slot: Slot) -> None:
        command = slot.assigned.pop(0)
        try:
            slot.running = self.launcher.start(command, self._started)
        except FashionWbError as error:
            self._fail(error)  # trials that are running go on: they are not the cause
            return
        self._started += 1

    def _trial_exited(self, exit: Exited) -> None:
        slot, running = find_running(self.slots, exit.key)
        slot.running, slot.heartbeat_due = None, 0.0
        trial = self.launcher.outcome(running, exit.status)
        self.progress.trial_exited(trial, running.seconds)
        # A run that is preempted again and again before it logs anything would never end.
        self._breaker.count(trial.state if trial.state.ended or trial.history else TrialState.FAILED)
        if self._breaker.open and self._may_break:
            self._fail(self._too_many_failures(trial))
            self._stopper.stop(self.slots)

    def _too_many_failures(self, last: Trial) -> FashionWbError:
        return FashionWbError(
            f"{self._breaker.failures_in_a_row} trials in a row failed; the agent stops so that it does not "
            f"use up the sweep. The last trial, run {last.run_id}, {last.reason}; "
            f"its output: {self.launcher.files.output_file(last.run_id)}"
        )

    # Stopping

    def _handle_stop_request(self, requested: StopRequest) -> None:
        if requested <= self._handled_request:
            return
        self._handled_request = requested
        self._start_nothing_more()
        if requested >= StopRequest.STOP_TRIALS:
            self._stopper.stop(self.slots)
        self.progress.stopping(requested, sum(slot.running is not None for slot in self.slots))

    def _fail(self, failure: FashionWbError) -> None:
        self._failure = self._failure or failure
        self._start_nothing_more()

    def _start_nothing_more(self) -> None:
        self._asks_for_runs = self._starts_runs = False
        for slot in self.slots:
            slot.assigned.clear()

    def _is_done(self) -> bool:
        if any(slot.run_ids for slot in self.slots):
            return False
        if not self._starts_runs:
            return True
        # A heartbeat's answer may hold a run that counts towards the cap; no other agent would start it.
        used_up = self.count is not None and self._started >= self.count
        nothing_to_ask = not self._asks_for_runs or used_up or all(slot.closed for slot in self.slots)
        return nothing_to_ask and not any(slot.awaiting_heartbeat for slot in self.slots)
