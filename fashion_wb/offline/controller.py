"""The main loop: keep the executor busy with the trials of one sweep or several."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator, Sequence
from types import FrameType

from fashion_wb.errors import FashionWbError, Interrupted
from fashion_wb.executors.protocol import Event, Executor, Exited, Logged, Lost, SlotsChanged, Started
from fashion_wb.offline.progress import Progress
from fashion_wb.offline.runner import SweepRunner
from fashion_wb.trial import TrialState

_POLL_SECONDS = 0.05
# SIGTERM that is sent to every process reaches some of them later than others.
_SENDING_SECONDS = 0.3
_INTERRUPTED = "interrupted; everything logged so far is kept. Run the same command again to continue."


class _StopSignals:
    """Counts Ctrl-C and SIGTERM."""

    def __init__(self) -> None:
        self.count = 0

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        self.count += 1


@contextlib.contextmanager
def _counted_stop_signals() -> Iterator[_StopSignals]:
    signals = _StopSignals()
    before = {n: signal.signal(n, signals.on_signal) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_sweeps(runners: Sequence[SweepRunner], executor: Executor, progress: Progress) -> None:
    """Run sweeps until all are complete, as many trials at once as the executor has slots.

    A free slot goes to the sweep of the lowest priority that can use it; if several can, to the one with the
    fewest trials.

    Raises:
        Interrupted: Ctrl-C or SIGTERM. Running trials are stopped cleanly (a second signal kills them) and
            run again when the sweep is resumed.
        FashionWbError: a program that always fails, or an executor that cannot go on.
    """
    failure = ""
    with _counted_stop_signals() as signals:
        while True:
            stopping = signals.count > 0 or failure != ""
            try:
                if stopping:
                    _interrupt(runners, executor)
                else:
                    _fill_slots(runners, executor)
                if _is_over(runners, stopping) or signals.count > 1:
                    break  # leaving the executor kills what still runs
                events = executor.events(_POLL_SECONDS)
            except FashionWbError as error:
                raise _why_it_ends(error, runners, signals) from None
            _look_for_stop_signal(events, runners, executor, signals)
            failure = _handle_events(events, runners, executor, progress) or failure
            progress.refresh()
        progress.clear()
    if failure:
        raise FashionWbError(failure)
    if signals.count:
        raise Interrupted(_INTERRUPTED)


def _fill_slots(runners: Sequence[SweepRunner], executor: Executor) -> None:
    while executor.free > 0:
        ready = [runner for runner in runners if runner.can_start()]
        if not ready:
            return
        min(ready, key=lambda runner: (runner.priority, runner.search.started)).start_next(executor)


def _is_over(runners: Sequence[SweepRunner], stopping: bool) -> bool:
    if any(runner.running for runner in runners):
        return False
    # With no slot at the moment, what can start waits for one.
    return stopping or not any(runner.can_start() for runner in runners)


def _interrupt(runners: Sequence[SweepRunner], executor: Executor | None) -> None:
    for runner in runners:
        runner.interrupt(executor)


def _why_it_ends(
    failure: FashionWbError, runners: Sequence[SweepRunner], signals: _StopSignals
) -> FashionWbError:
    """Return what to raise for an executor that cannot go on: the stop signal may have reached it too."""
    if not signals.count:
        time.sleep(_SENDING_SECONDS)
    if not signals.count:
        return failure
    _interrupt(runners, None)
    return Interrupted(_INTERRUPTED)


def _look_for_stop_signal(
    events: Sequence[Event], runners: Sequence[SweepRunner], executor: Executor, signals: _StopSignals
) -> None:
    """Do not hold it against running trials that a stop signal has reached them too."""
    if not signals.count and any(runner.ended_by_others(events) for runner in runners):
        time.sleep(_SENDING_SECONDS)
    if signals.count:
        _interrupt(runners, executor)


def _handle_events(
    events: Sequence[Event], runners: Sequence[SweepRunner], executor: Executor, progress: Progress
) -> str:
    """Tell the runners what happened; return why a sweep has to stop, or ""."""
    runner_of = {runner.folder.sweep_id: runner for runner in runners}
    logged: set[str] = set()
    failure = ""
    for event in events:
        if isinstance(event, SlotsChanged):
            progress.slots_changed(event.slots, event.reason)
            continue
        runner = runner_of[event.key.rpartition("-")[0]]
        match event:
            case Started():
                runner.record_start(event.key)
            case Logged():
                logged.add(event.key)
            case Exited():
                trial = runner.record_exit(event)
                executor.trial_ended(event, trial.state is TrialState.FAILED)
                progress.trial_ended(runner, trial)
                failure = failure or runner.failure(executor.machine_count)
            case Lost():
                trial = runner.record_loss(event, event.ran and not event.handed_back)
                if event.ran:
                    progress.trial_ended(runner, trial, event.reason)
                failure = failure or runner.failure(executor.machine_count)
    for runner in runners:
        runner.watch(executor, logged)
    return failure
