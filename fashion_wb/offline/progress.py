"""What a user sees while sweeps run: a line for each trial that ends, and on a terminal a line that moves."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from fashion_wb.offline.runner import SweepRunner
from fashion_wb.offline.summary import incumbent
from fashion_wb.trial import Trial, TrialState

_REFRESH_SECONDS = 0.5


class Progress:
    """Progress over one sweep or several; the same lines in a terminal and in a plain log."""

    def __init__(self, runners: Sequence[SweepRunner], workers: int, stream: TextIO) -> None:
        self.runners = runners
        self.workers = workers
        self.stream = stream
        self._started: float | None = None
        self._before = 0
        self._moving = stream.isatty()
        self._refreshed = 0.0
        self._name_width = max((len(runner.folder.sweep.name) for runner in runners), default=0)

    def trial_ended(self, runner: SweepRunner, trial: Trial) -> None:
        """Print a trial's outcome, the best so far and the time left."""
        self.clear()
        state = "interrupted" if trial.state is TrialState.RUNNING else str(trial.state)
        value = None if runner.metric is None else runner.metric.best(trial.history)
        best = incumbent(runner.folder, runner.trials)
        parts = [
            f"{self._count()}  {runner.folder.sweep.name:<{self._name_width}} {trial.number:>3}  {state:<11}",
            f"{'-' if value is None else format(value, '.4f'):>7}{'*' if best is trial else ' '}",
            searched(runner.folder.sweep.config.get("parameters", {}), trial.config),
            f"{len(trial.history)} logged, {trial_seconds(trial):.1f} s",
        ]
        if trial.reason:
            parts.append(trial.reason)
        if best is not None and best is not trial and runner.metric is not None:
            parts.append(f"best {runner.metric.best(best.history):.4f}")
        parts.append(self._left())
        print("  ".join(part for part in parts if part), file=self.stream, flush=True)

    def refresh(self) -> None:
        """Redraw the moving line, on a terminal only."""
        now = time.monotonic()
        if self._started is None:
            self._started = now  # not before: setting up the workers says nothing about the trials
            self._before, _ = self._work()
        if not self._moving or now - self._refreshed < _REFRESH_SECONDS:
            return
        self._refreshed = now
        running = [f"{r.folder.sweep.name} {number}" for r in self.runners for number in r.active_numbers()]
        line = "  ".join(
            part
            for part in (
                f"{self._count()}  running {', '.join(running) or 'nothing'}",
                self._tally(),
                self._best(),
                self._left(),
            )
            if part
        )
        width = shutil.get_terminal_size().columns - 1
        print(f"\r\x1b[K{line[:width]}", end="", file=self.stream, flush=True)

    def clear(self) -> None:
        """Take the moving line away."""
        if self._moving:
            print("\r\x1b[K", end="", file=self.stream, flush=True)

    def _ended(self) -> list[Trial]:
        return [trial for runner in self.runners for trial in runner.trials if trial.state.ended]

    def _count(self) -> str:
        done, total = self._work()
        text = "?" if total is None else str(total)
        return f"[{done:>{len(text)}}/{text}{' epochs' if self._in_epochs() else ''}]"

    def _in_epochs(self) -> bool:
        """Whether epochs are counted: with a budget of them the number of trials is not known."""
        return all(runner.budget is not None for runner in self.runners)

    def _work(self) -> tuple[int, int | None]:
        """What is done of what there is to do, in epochs or trials; the latter None if not known."""
        if self._in_epochs():
            done = sum(len(trial.history) for trial in self._ended())
            return done, sum(runner.budget.total for runner in self.runners if runner.budget is not None)
        caps = [runner.cap for runner in self.runners]
        total = None if None in caps else sum(cap for cap in caps if cap is not None)
        return len(self._ended()), total

    def _tally(self) -> str:
        states = [trial.state for trial in self._ended()]
        return f"{states.count(TrialState.STOPPED)} stopped, {states.count(TrialState.FAILED)} failed"

    def _best(self) -> str:
        found: list[tuple[SweepRunner, float]] = []
        for runner in self.runners:
            trial = incumbent(runner.folder, runner.trials)
            value = None if trial is None or runner.metric is None else runner.metric.best(trial.history)
            if value is not None:
                found.append((runner, value))
        if not found:
            return ""
        pick = max if found[0][0].metric.goal == "maximize" else min  # type: ignore[union-attr]
        runner, value = pick(found, key=lambda pair: pair[1])
        return f"best {runner.folder.sweep.name} {value:.4f}"

    def _left(self) -> str:
        done, total = self._work()
        if total is None or self._started is None:
            return ""
        new = done - self._before
        if total <= done or new <= 0:
            return ""
        seconds = (total - done) * (time.monotonic() - self._started) / new
        return f"~{duration(seconds)} left"


def trial_seconds(trial: Trial) -> float:
    """How long a trial logged for, in seconds, by W&B's own clock; 0 if it logged nothing."""
    return float(trial.history[-1].get("_runtime", 0.0)) if trial.history else 0.0


def searched(parameters: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """The values of the parameters that are searched, not of the constant ones."""
    names = [name for name in config if "value" not in (parameters.get(name) or {})]
    return " ".join(f"{name}={_short(config[name])}" for name in names)


def duration(seconds: float) -> str:
    """A length of time for people: `40 s`, `3 min`, `2 h 05 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
