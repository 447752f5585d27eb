"""What sweeps print while they run: a line for each trial that ends and, on a terminal, a status line."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO

from fashion_wb.foreign_text import REDRAW, one_line
from fashion_wb.offline.runner import SweepRunner
from fashion_wb.offline.spending.budget import Budget
from fashion_wb.offline.spending.tally import Tally
from fashion_wb.trial import Trial, TrialState

_REFRESH_SECONDS = 0.5


class Progress:
    """Prints the progress of one sweep or several.

    A terminal and a log file get the same lines; only a terminal gets the status line.
    """

    def __init__(self, runners: Sequence[SweepRunner], stream: TextIO) -> None:
        self.runners = runners
        self.stream = stream
        self._started_at: float | None = None
        self._done_before = 0.0
        self._on_terminal = stream.isatty()
        self._refreshed_at = 0.0
        self._tallies = {id(runner): Tally(runner.metric, runner.search.budget) for runner in runners}
        self._name_width = max((len(runner.folder.sweep.name) for runner in runners), default=0)

    def slots_changed(self, slots: int, reason: str) -> None:
        """Print that machines have joined or left, and how many trials can run at once now."""
        self.clear()
        at_once = "no trial can run" if slots == 0 else f"up to {slots} trial{'s' * (slots > 1)} at once"
        print(one_line(f"{reason}: {at_once}"), file=self.stream, flush=True)

    def trial_ended(self, runner: SweepRunner, trial: Trial, loss: str = "") -> None:
        """Print a trial's outcome, its objective, the incumbent's and the time left.

        Args:
            runner, trial: the sweep and its trial; one that is still running was interrupted or lost.
            loss: why it was lost with the machine that ran it; "" if it was not.
        """
        self.clear()
        state = ("lost" if loss else "interrupted") if trial.state is TrialState.RUNNING else str(trial.state)
        # What a failed trial logged is no result.
        metric = None if trial.state is TrialState.FAILED else runner.metric
        value = None if metric is None else metric.best(trial.history)
        tally = self._tallies[id(runner)].look(runner.trials)
        best = tally.best
        parts = [
            self._done_text(),
            f"{runner.folder.sweep.name:<{self._name_width}} {trial.number:>3}  {state:<11}",
            f"{'-' if value is None else format(value, '.4f'):>7}{'*' if best is trial else ' '}",
            format_searched(runner.folder.sweep.config.get("parameters", {}), trial.config),
            f"{len(trial.history)} logged, {trial.seconds:.1f} s",
        ]
        parts.append(trial.stop.short if trial.stop else trial.reason or loss)
        if best is not None and best is not trial:
            parts.append(f"best {tally.value:.4f}")
        parts.append(self._time_left())
        print(one_line("  ".join(part for part in parts if part)), file=self.stream, flush=True)

    def refresh(self) -> None:
        """Redraw the status line, on a terminal only."""
        now = time.monotonic()
        if self._started_at is None:
            self._started_at = now  # setting up the executor does not count
            self._done_before, _ = self._done_and_total()
        if not self._on_terminal or now - self._refreshed_at < _REFRESH_SECONDS:
            return
        self._refreshed_at = now
        running = [f"{r.folder.sweep.name} {number}" for r in self.runners for number in r.running_numbers()]
        line = "  ".join(
            part
            for part in (
                f"{self._done_text()}  running {', '.join(running) or 'nothing'}",
                self._tally(),
                self._best(),
                self._time_left(),
            )
            if part
        )
        width = shutil.get_terminal_size().columns - 1
        print(f"{REDRAW}{one_line(line)[:width]}", end="", file=self.stream, flush=True)

    def clear(self) -> None:
        """Remove the status line."""
        if self._on_terminal:
            print(REDRAW, end="", file=self.stream, flush=True)

    def _looked(self) -> list[Tally]:
        return [self._tallies[id(runner)].look(runner.trials) for runner in self.runners]

    def _done_text(self) -> str:
        done, total = self._done_and_total()
        text = "?" if total is None else format(total, ".0f")
        units = sorted({budget.unit for budget in self._budgets()})
        return f"[{done:>{len(text)}.0f}/{text}{''.join(f' {unit}' for unit in units)}]"

    def _budgets(self) -> list[Budget]:
        """Return each search's budget, if all have one; it counts then, not the unknown number of trials."""
        found = [runner.search.budget for runner in self.runners if runner.search.budget is not None]
        return found if len(found) == len(self.runners) else []

    def _done_and_total(self) -> tuple[float, float | None]:
        """Return how much is done, and how much there is in total or None: of the budget, or trials."""
        if budgets := self._budgets():
            done = sum(tally.spent for tally in self._looked())
            return done, sum(budget.total for budget in budgets)
        caps = [runner.search.cap for runner in self.runners]
        total = None if None in caps else sum(cap for cap in caps if cap is not None)
        return sum(tally.counts.total() for tally in self._looked()), total

    def _tally(self) -> str:
        counts = sum((tally.counts for tally in self._looked()), Counter[TrialState]())
        return f"{counts[TrialState.STOPPED]} stopped, {counts[TrialState.FAILED]} failed"

    def _best(self) -> str:
        best: tuple[str, float] | None = None
        for runner, tally in zip(self.runners, self._looked(), strict=True):
            if tally.best is None or runner.metric is None:
                continue
            if best is None or runner.metric.is_better(tally.value, best[1]):
                best = runner.folder.sweep.name, tally.value
        return "" if best is None else f"best {best[0]} {best[1]:.4f}"

    def _time_left(self) -> str:
        done, total = self._done_and_total()
        if total is None or self._started_at is None:
            return ""
        new = done - self._done_before
        if total <= done or new <= 0:
            return ""
        seconds = (total - done) * (time.monotonic() - self._started_at) / new
        return f"~{format_duration(seconds)} left"


def format_searched(parameters: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """Format the values of the parameters that are searched, without constants: `opt.lr=0.01 epochs=3`."""
    return " ".join(f"{name}={_short(value)}" for name, value in _searched(parameters, config))


def _searched(parameters: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in config.items():
        entry = parameters.get(name) or {}
        if "parameters" in entry and isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", found) for inner, found in _searched(entry["parameters"], value))
        elif "value" not in entry:
            yield name, value


def format_duration(seconds: float) -> str:
    """Format a length of time: `40 s`, `3 min`, `2 h 05 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
