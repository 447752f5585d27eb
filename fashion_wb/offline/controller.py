"""The main loop: keep the executor busy with the trials of one sweep or several."""

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
def _counted_stop_signals() -> Iterator[_StopSignals]:
    signals = _StopSignals()
    before = {n: signal.signal(n, signals.on_signal) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_sweeps(
    runners: Sequence[SweepRunner], executor: LocalExecutor, workers: int, progress: Progress
) -> None:
    """Run sweeps until all are complete, at most `workers` trials at once.

    A free slot goes to the sweep of the lowest priority that can use it; if several can, to the one with the
    fewest trials.

    Raises:
        Interrupted: Ctrl-C or SIGTERM. Running trials are stopped cleanly (a second signal kills them) and
            run again when the sweep is resumed.
        FashionWbError: a program that always fails, or a fork server that died.
    """
    runner_of = {runner.folder.sweep_id: runner for runner in runners}
    failure = ""
    with _counted_stop_signals() as signals:
        while True:
            if signals.count == 0 and not failure:
                _fill_slots(runners, executor, workers)
            else:
                for runner in runners:
                    runner.interrupt(executor)
            if not any(runner.running for runner in runners):
                break
            if signals.count > 1:
                break  # leaving the executor kills what still runs
            for exit in executor.exits(_POLL_SECONDS):
                runner = runner_of[exit.key.rpartition("-")[0]]
                progress.trial_ended(runner, runner.record_exit(exit.key, exit.status))
                failure = failure or runner.failure()
            for runner in runners:
                runner.watch(executor)
            progress.refresh()
        progress.clear()
    if failure:
        raise FashionWbError(failure)
    if signals.count:
        raise Interrupted(
            "interrupted; everything logged so far is kept. Run the same command again to continue."
        )


def _fill_slots(runners: Sequence[SweepRunner], executor: LocalExecutor, workers: int) -> None:
    while sum(len(runner.running) for runner in runners) < workers:
        ready = [runner for runner in runners if runner.can_start()]
        if not ready:
            return
        min(ready, key=lambda runner: (runner.priority, runner.started)).start_next(executor)
