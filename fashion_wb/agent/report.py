"""What a user of an agent sees: a line for each trial that ends, and on a terminal a line that moves."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Sequence
from typing import TextIO

from fashion_wb.agent.protocol import SweepOnServer
from fashion_wb.agent.stops import Stop
from fashion_wb.offline.progress import searched
from fashion_wb.trial import Trial, TrialState

_REFRESH_SECONDS = 0.5


class Report:
    """Progress of one agent, and what it found.

    Attributes:
        trials: of this agent that have ended, in order.
        best: the finished or stopped one with the best objective; None without any.
    """

    def __init__(self, target: SweepOnServer, count: int | None, stream: TextIO) -> None:
        self.trials: list[Trial] = []
        self.best: Trial | None = None
        self._target = target
        self._count = count
        self._stream = stream
        self._moving = stream.isatty()
        self._refreshed = 0.0

    def trial_ended(self, trial: Trial, seconds: float) -> None:
        """Print a trial's outcome, its objective and the best so far."""
        self.trials.append(trial)
        value = self._value(trial)
        best_before = self._value(self.best)
        if trial.state is not TrialState.FAILED and self._is_better(value, best_before):
            self.best = trial
        note = trial.reason
        if self._lacks_metric(trial, value):
            note = f"logged no finite {self._target.sweep.metric.name}"  # type: ignore[union-attr]
        parts = [
            f"{self._tally()}  {trial.run_id}  {trial.state:<8}",
            f"{'-' if value is None else format(value, '.4f'):>7}{'*' if self.best is trial else ' '}",
            searched(self._target.sweep.config.get("parameters") or {}, trial.config),
            f"{len(trial.history)} logged, {seconds:.1f} s",
            note,
        ]
        if self.best is not None and self.best is not trial:
            parts.append(f"best {self._value(self.best):.4f}")
        self.say("  ".join(part for part in parts if part))

    def declined(self, run_id: str) -> None:
        """Say that a run beyond the run cap was given out, and what has become of it."""
        path = self._target.path
        self.say(
            f"W&B gave out run {run_id} beyond the sweep's run_cap of {self._target.sweep.run_cap}; "
            f"it was not started and is empty: {path.entity}/{path.project}/{run_id}"
        )

    def lost(self, error: Exception) -> None:
        """Say that the server does not answer."""
        self.say(f"{error}. Running trials go on; the server is asked again and again.")

    def in_touch(self) -> None:
        """Say that the server answers again."""
        self.say("W&B's server answers again.")

    def stopping(self, asked: Stop, running: int) -> None:
        """Say what a signal to stop has brought about."""
        trials = f"{running} running trial{'' if running == 1 else 's'}"
        if asked is Stop.NO_NEW_TRIALS:
            self.say(f"No new trials; {trials} to their end. Ctrl-C again ends them now.")
        else:
            self.say(f"Ending {trials}; all that was logged is kept. Ctrl-C again kills them.")

    def say(self, line: str) -> None:
        """Print a line."""
        self.clear()
        print(line, file=self._stream, flush=True)

    def refresh(self, running: Sequence[str]) -> None:
        """Redraw the moving line, on a terminal only."""
        now = time.monotonic()
        if not self._moving or now - self._refreshed < _REFRESH_SECONDS:
            return
        self._refreshed = now
        line = f"{self._tally()}  running {', '.join(running) or 'nothing'}"
        if self.best is not None:
            line += f"  best {self._value(self.best):.4f}"
        width = shutil.get_terminal_size().columns - 1
        print(f"\r\x1b[K{line[:width]}", end="", file=self._stream, flush=True)

    def clear(self) -> None:
        """Take the moving line away."""
        if self._moving:
            print("\r\x1b[K", end="", file=self._stream, flush=True)

    def summary(self, url: str) -> str:
        """The outcomes of this agent's trials and the best of them, in words."""
        counts = Counter(trial.state for trial in self.trials)
        tally = ", ".join(f"{counts[state]} {state}" for state in TrialState if counts[state] > 0)
        lines = [f"{self._target.path}: {tally or 'no trials'}, by this agent  ({url})"]
        metric = self._target.sweep.metric
        if self.best is not None and metric is not None:
            config = " ".join(f"{name}={value}" for name, value in self.best.config.items())
            found = f"{metric.name} {self._value(self.best):.6g} in run {self.best.run_id}"
            lines.append(f"Best {found}: {config}")
        return "\n".join(lines)

    def _tally(self) -> str:
        total = "" if self._count is None else f"/{self._count}"
        return f"[{len(self.trials):>{len(total) - 1 if total else 1}}{total}]"

    def _value(self, trial: Trial | None) -> float | None:
        metric = self._target.sweep.metric
        return None if trial is None or metric is None else metric.best(trial.history)

    def _is_better(self, value: float | None, before: float | None) -> bool:
        metric = self._target.sweep.metric
        if metric is None or value is None:
            return False
        return before is None or metric.better(value, before)

    def _lacks_metric(self, trial: Trial, value: float | None) -> bool:
        wanted = self._target.sweep.metric is not None and bool(trial.history)
        return wanted and value is None and trial.state is TrialState.FINISHED
