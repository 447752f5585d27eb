"""An agent at work: speak to the server, start what it gives out, watch, end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fashion_wb.agent.agent_run import Launcher
from fashion_wb.agent.cap import Place, ask_if_anything_is_left, has_nothing_left, place_of
from fashion_wb.agent.contact import Contact
from fashion_wb.agent.ending import Ending
from fashion_wb.agent.protocol import Command, SweepOnServer, heartbeat
from fashion_wb.agent.report import Report
from fashion_wb.agent.requests import Requests
from fashion_wb.agent.slot import Slot
from fashion_wb.agent.stops import Stop, stop_signals
from fashion_wb.errors import FashionWbError
from fashion_wb.executors.local import Exit
from fashion_wb.offline.breaker import CircuitBreaker
from fashion_wb.server.connection import Server
from fashion_wb.server.errors import NotFound, ServerError, Unreachable

_POLL_SECONDS = 0.05
# How often W&B's agent speaks to the server.
_HEARTBEAT_SECONDS = 5.0
# W&B's own way to have an agent go on with a program that fails.
_NO_BREAKER_VARIABLE = "WANDB_AGENT_DISABLE_FLAPPING"


@dataclass
class Agent:
    """Runs trials of one sweep until it is over, or something ends it.

    Attributes:
        server, target: the sweep and where it is.
        launcher: starts trials.
        slots: as many as trials at once.
        report: tells the user.
        count: most trials to start; None for no limit of this agent's own.
        contact: whether the server answers; given up when hopeless and no trial runs.
    """

    server: Server
    target: SweepOnServer
    launcher: Launcher
    slots: list[Slot]
    report: Report
    count: int | None
    contact: Contact
    _requests: Requests = field(default_factory=Requests)
    _breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    _started: int = 0
    _full: bool = True  # the run cap may have been reached; until the server says otherwise
    _asking: bool = True  # for more runs, once slots are free
    _starting: bool = True  # what was given; not once a user, or a failure, ends the agent
    _deleted: bool = False
    _looking: bool = False
    _look_due: float = 0.0
    _heeded: Stop = Stop.NO
    _failure: FashionWbError | None = None

    def __post_init__(self) -> None:
        self._ending = Ending(self.launcher.executor)
        self._may_break = os.environ.get(_NO_BREAKER_VARIABLE) != "true"

    def run(self) -> None:
        """Work until there is nothing left to do.

        Raises:
            Interrupted: Ctrl-C or SIGTERM.
            FashionWbError: a program that fails every time, a sweep that was deleted, a server that refuses
                or was not there for long, or a worker process that died.
        """
        with stop_signals() as stops:
            while stops.asked < Stop.KILL_TRIALS and not self._is_done():
                self._heed(stops.asked)
                self._speak()
                for end in self.launcher.executor.exits(_POLL_SECONDS):
                    self._ended(end)
                self._requests.deliver()
                self._ending.kill_late(self.slots)
                self.report.refresh([slot.active.trial.run_id for slot in self.slots if slot.active])
            self.report.clear()
        if self._failure is not None:
            raise self._failure
        if stops.asked:
            raise stops.error()

    # What the server says

    def _speak(self) -> None:
        now = time.monotonic()
        for slot in self.slots:
            if slot.speaking or now < slot.due or self._deleted:
                continue
            if slot.alive or self._may_ask(slot):
                self._speak_for(slot, slot.alive)
            self._begin_next(slot)

    def _speak_for(self, slot: Slot, alive: list[str]) -> None:
        slot.speaking = True
        request: Callable[[], list[Command] | None] = partial(heartbeat, self.server, slot.agent_id, alive)
        path, cap = self.target.path, self.target.sweep.run_cap
        if not alive and self._full and cap is not None:
            request = partial(ask_if_anything_is_left, self.server, path, cap, slot.agent_id)
        self._requests.send(request, partial(self._answered, slot, alive))

    def _may_ask(self, slot: Slot) -> bool:
        promised = self._started + sum(each.promised for each in self.slots)
        return self._asking and not slot.closed and (self.count is None or promised < self.count)

    def _answered(self, slot: Slot, alive: list[str], answer: list[Command] | ServerError | None) -> None:
        slot.speaking = False
        if slot.alive == alive:
            slot.due = time.monotonic() + _HEARTBEAT_SECONDS
        if isinstance(answer, ServerError):
            self._trouble(answer)
            return
        self.contact.answered()
        if answer is None:
            self._asking = False
            return
        for command in answer:
            self._obey(slot, command)
        self._begin_next(slot)
        self._look_for_the_end()

    def _obey(self, slot: Slot, command: Command) -> None:
        if command.kind in ("run", "resume") and self._starting:
            slot.given.append(command)
        elif command.kind == "stop" and slot.active and slot.active.trial.run_id == command.run_id:
            self._ending.end([slot])
        elif command.kind == "exit":
            slot.closed = True
            slot.given.clear()
            self._ending.end([slot])

    def _begin_next(self, slot: Slot) -> None:
        """Start what was given next, once it is known to be within the run cap."""
        if slot.active is not None or slot.checking or not slot.given:
            return
        cap, command = self.target.sweep.run_cap, slot.given[0]
        if cap is None or command.kind == "resume":
            self._launch(slot)
            return
        slot.checking = True
        request = partial(place_of, self.server, self.target.path, command.run_id, cap)
        self._requests.send(request, partial(self._checked, slot))

    def _checked(self, slot: Slot, answer: Place | ServerError) -> None:
        slot.checking = False
        if isinstance(answer, ServerError):
            self._trouble(answer)  # asked again with the next heartbeat
            return
        self._full = answer.full
        if slot.given and answer.within:
            self._launch(slot)
        elif slot.given:
            self.report.declined(slot.given.pop(0).run_id)
            self._asking = False

    def _look_for_the_end(self) -> None:
        """See whether the sweep is over, if the server gives nothing out and does not say why."""
        now = time.monotonic()
        if self._looking or now < self._look_due or any(slot.alive for slot in self.slots):
            return
        self._looking, self._look_due = True, now + _HEARTBEAT_SECONDS
        request = partial(has_nothing_left, self.server, self.target.path, self.target.sweep.run_cap)
        self._requests.send(request, self._looked)

    def _looked(self, answer: bool | ServerError) -> None:
        self._looking = False
        if isinstance(answer, ServerError):
            self._trouble(answer)
        elif answer:
            self._asking = False

    # When the server does not answer

    def _trouble(self, error: ServerError) -> None:
        idle = not any(slot.active for slot in self.slots)
        if isinstance(error, NotFound):
            self._deleted = True
            self._fail(ServerError(f"sweep {self.target.path} is not there any more: {error}"))
        elif not isinstance(error, Unreachable) or (self.contact.is_hopeless and idle):
            self._fail(error)
        else:
            self.contact.lost(error)

    # Trials

    def _launch(self, slot: Slot) -> None:
        command = slot.given.pop(0)
        try:
            slot.active = self.launcher.start(command, self._started)
        except FashionWbError as error:
            self._fail(error)  # the trials that run are not to blame
            return
        self._started += 1

    def _ended(self, end: Exit) -> None:
        slot = next(s for s in self.slots if s.active is not None and s.active.trial.run_id == end.key)
        active: Any = slot.active
        slot.active, slot.due = None, 0.0
        trial = self.launcher.outcome(active, end.status)
        self.report.trial_ended(trial, active.seconds)
        self._breaker.count(trial.state)
        if self._breaker.open and self._may_break:
            self._fail(
                FashionWbError(
                    f"{self._breaker.in_a_row} trials in a row failed, run {trial.run_id} because it "
                    f"{trial.reason}; the agent ends here rather than use up the sweep. "
                    f"What that trial printed: {self.launcher.files.output_file(trial.run_id)}"
                )
            )
            self._ending.end(self.slots)

    # The end

    def _heed(self, asked: Stop) -> None:
        if asked <= self._heeded:
            return
        self._heeded = asked
        self._drain()
        if asked >= Stop.END_TRIALS:
            self._ending.end(self.slots)
        self.report.stopping(asked, sum(slot.active is not None for slot in self.slots))

    def _fail(self, failure: FashionWbError) -> None:
        self._failure = self._failure or failure
        self._drain()

    def _drain(self) -> None:
        """Start nothing more, not even what was given."""
        self._asking = self._starting = False
        for slot in self.slots:
            slot.given.clear()

    def _is_done(self) -> bool:
        if any(slot.alive for slot in self.slots):
            return False
        if not self._starting:
            return True
        # A heartbeat under way may bring a run that counts towards the cap, and nobody else would start it.
        used_up = self.count is not None and self._started >= self.count
        nothing_to_ask = not self._asking or used_up or all(slot.closed for slot in self.slots)
        return nothing_to_ask and not any(slot.speaking for slot in self.slots)
