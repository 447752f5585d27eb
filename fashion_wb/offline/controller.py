"""The loop that keeps the workers busy with the trials of one sweep or several."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Sequence
from types import FrameType

from fashion_wb.errors import FashionWbError, Interrupted
from fashion_wb.executors.local import LocalExecutor
from fashion_wb.offline.progress import Progress
from fashion_wb.offline.runner import SweepRunner

_POLL_SECONDS = 0.05


class _StopSignals:
    """Counts Ctrl-C and SIGTERM."""

    def __init__(self) -> None:
        self.count = 0

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        self.count += 1


@contextlib.contextmanager
def _stop_signals() -> Iterator[_StopSignals]:
    stops = _StopSignals()
    before = {n: signal.signal(n, stops.on_signal) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_sweeps(
    runners: Sequence[SweepRunner], executor: LocalExecutor, workers: int, progress: Progress
) -> None:
    """Run sweeps to their ends, sharing `workers` slots.

    A slot that is free goes to a sweep of the earliest turn that can use it, and there to the one with the
    fewest trials.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; running trials were ended in good order (a second one kills them)
            and are run again when the sweep is resumed.
        FashionWbError: a program that fails every time, or a worker process that died.
    """
    owners = {runner.folder.sweep_id: runner for runner in runners}
    failure = ""
    with _stop_signals() as stops:
        while True:
            if stops.count == 0 and not failure:
                _fill(runners, executor, workers)
            else:
                for runner in runners:
                    runner.interrupt(executor)
            if not any(runner.active for runner in runners):
                break
            if stops.count > 1:
                break  # leaving the executor kills what still runs
            for end in executor.exits(_POLL_SECONDS):
                runner = owners[end.key.rpartition("-")[0]]
                progress.trial_ended(runner, runner.ended(end.key, end.status))
                failure = failure or runner.failure()
            for runner in runners:
                runner.watch(executor)
            progress.refresh()
        progress.clear()
    if failure:
        raise FashionWbError(failure)
    if stops.count:
        raise Interrupted("interrupted; all that was logged is kept. The same command goes on from here.")


def _fill(runners: Sequence[SweepRunner], executor: LocalExecutor, workers: int) -> None:
    while sum(len(runner.active) for runner in runners) < workers:
        ready = [runner for runner in runners if runner.can_start()]
        if not ready:
            return
        min(ready, key=lambda runner: (runner.turn, runner.started)).start_next(executor)
