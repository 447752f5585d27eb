"""What an agent prints: a line for each trial that ends and, on a terminal, a status line."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Sequence
from typing import TextIO

from fashion_wb.agent.protocol import SweepOnServer
from fashion_wb.agent.stop_signals import StopRequest
from fashion_wb.foreign_text import REDRAW, one_line
from fashion_wb.offline.progress import format_searched
from fashion_wb.trial import Trial, TrialState

_REFRESH_SECONDS = 0.5


class AgentProgress:
    """Prints the progress and the results of one agent.

    Attributes:
        trials: this agent's trials that have ended, in order.
        incumbent: the best trial so far that finished or was stopped; None if there is none.
    """

    def __init__(self, target: SweepOnServer, count: int | None, stream: TextIO) -> None:
        self.trials: list[Trial] = []
        self.incumbent: Trial | None = None
        self._target = target
        self._count = count
        self._stream = stream
        self._on_terminal = stream.isatty()
        self._refreshed_at = 0.0

    def trial_exited(self, trial: Trial, seconds: float) -> None:
        """Print a trial's outcome, its objective and the incumbent's; or that it was preempted."""
        if not trial.state.ended:
            rows = f"{len(trial.history)} row{'' if len(trial.history) == 1 else 's'}"
            self.say(f"Run {trial.run_id} was preempted after {rows}; W&B's server hands it out again.")
            return
        self.trials.append(trial)
        value = self._value(trial)
        best_before = self._value(self.incumbent)
        if trial.state is not TrialState.FAILED and self._is_better(value, best_before):
            self.incumbent = trial
        note, metric = trial.reason, self._target.sweep.metric
        if metric is not None and value is None and trial.history and trial.state is TrialState.FINISHED:
            note = f"logged no finite {metric.name}"
        parts = [
            f"{self._tally()}  {trial.run_id}  {trial.state:<8}",
            f"{'-' if value is None else format(value, '.4f'):>7}{'*' if self.incumbent is trial else ' '}",
            format_searched(self._target.sweep.config.get("parameters") or {}, trial.config),
            f"{len(trial.history)} logged, {seconds:.1f} s",
            note,
        ]
        if self.incumbent is not None and self.incumbent is not trial:
            parts.append(f"best {self._value(self.incumbent):.4f}")
        self.say("  ".join(part for part in parts if part))

    def run_beyond_cap(self, run_id: str) -> None:
        """Say that the server handed out a run beyond the run cap, which was not started."""
        path = self._target.path
        self.say(
            f"W&B handed out run {run_id} beyond the sweep's run_cap of {self._target.sweep.run_cap}; "
            f"it was not started and is empty: {path.entity}/{path.project}/{run_id}"
        )

    def server_lost(self, error: Exception) -> None:
        """Say that the server does not answer."""
        self.say(f"{error}. Running trials continue; the agent keeps trying to reach the server.")

    def server_back(self) -> None:
        """Say that the server answers again."""
        self.say("W&B's server answers again.")

    def stopping(self, requested: StopRequest, running: int) -> None:
        """Say what the agent does after a signal to stop."""
        trials = f"{running} running trial{'' if running == 1 else 's'}"
        if requested is StopRequest.NO_NEW_TRIALS:
            self.say(f"No new trials; waiting for {trials} to finish. Press Ctrl-C again to stop now.")
        else:
            self.say(f"Stopping {trials}; everything logged so far is kept. Press Ctrl-C again to kill.")

    def say(self, line: str) -> None:
        """Print a line."""
        self.clear()
        print(one_line(line), file=self._stream, flush=True)

    def refresh(self, running: Sequence[str]) -> None:
        """Redraw the status line, on a terminal only."""
        now = time.monotonic()
        if not self._on_terminal or now - self._refreshed_at < _REFRESH_SECONDS:
            return
        self._refreshed_at = now
        line = f"{self._tally()}  running {', '.join(running) or 'nothing'}"
        if self.incumbent is not None:
            line += f"  best {self._value(self.incumbent):.4f}"
        width = shutil.get_terminal_size().columns - 1
        print(f"{REDRAW}{one_line(line)[:width]}", end="", file=self._stream, flush=True)

    def clear(self) -> None:
        """Remove the status line."""
        if self._on_terminal:
            print(REDRAW, end="", file=self._stream, flush=True)

    def summary(self, url: str) -> str:
        """Return the number of trials by outcome, and the incumbent."""
        counts = Counter(trial.state for trial in self.trials)
        tally = ", ".join(f"{counts[state]} {state}" for state in TrialState if counts[state] > 0)
        lines = [f"{self._target.path}: {tally or 'no trials'}, by this agent  ({url})"]
        metric = self._target.sweep.metric
        if self.incumbent is not None and metric is not None:
            config = " ".join(f"{name}={value}" for name, value in self.incumbent.config.items())
            found = f"{metric.name} {self._value(self.incumbent):.6g} in run {self.incumbent.run_id}"
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
        return before is None or metric.is_better(value, before)
