"""A run as W&B's server describes it, and its conversion to a trial."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fashion_wb.trial import Metric, Trial, TrialState

# W&B's exit code of a run that was stopped by Ctrl-C, its agent or its server.
_STOPPED_EXIT_CODE = 255
# W&B's states of a run that logs no more, unless it is resumed. The others are running, pending, preempting
# and preempted.
ENDED_STATES = ("finished", "failed", "crashed", "killed")
_TRIAL_NUMBER = re.compile(r"-(\d{4,})$")


@dataclass(frozen=True)
class PulledRun:
    """One run of a sweep.

    Attributes:
        name: W&B's run id.
        state: as W&B names it: running, finished, failed, crashed, killed, ...
        config: hyperparameters, plain values.
        summary: the run's summary.
        exit_code: None if the server has none.
        stop_requested: whether someone asked the server to stop the run.
        created: creation time in UTC, as the server writes it.
        history: all rows, in order.
    """

    name: str
    state: str
    config: Mapping[str, Any]
    summary: Mapping[str, Any]
    exit_code: int | None
    stop_requested: bool
    created: str
    history: tuple[Mapping[str, Any], ...]

    def outcome(self, metric: Metric | None) -> tuple[TrialState, str]:
        """Return the trial's state, and the reason if it failed.

        A run that the server calls failed or crashed counts as stopped if its exit code or stop flag says so.
        """
        if self.state not in ENDED_STATES:
            return TrialState.RUNNING, ""
        if self.state == "finished":
            if metric is not None and metric.best(self.history) is None:
                return TrialState.FAILED, f"finished without a finite value of {metric.name}"
            return TrialState.FINISHED, ""
        if self.state == "killed" or self.stop_requested or self.exit_code == _STOPPED_EXIT_CODE:
            return TrialState.STOPPED, ""
        failure = self.summary.get("failure")
        if failure:
            return TrialState.FAILED, str(failure)
        code = "" if self.exit_code is None else f", exit code {self.exit_code}"
        return TrialState.FAILED, f"{self.state}{code}"


def parse_run(node: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> PulledRun:
    """Build a run from the fields of its GraphQL node, with `history` as its rows."""
    return PulledRun(
        name=node["name"],
        state=node["state"],
        config={key: entry["value"] for key, entry in node["config"].items() if _is_entry(key, entry)},
        summary=node["summaryMetrics"],
        exit_code=node["exitcode"],
        stop_requested=node["stopped"],
        created=node["createdAt"],
        history=tuple(history),
    )


def to_trials(runs: Sequence[PulledRun], metric: Metric | None) -> tuple[Trial, ...]:
    """Convert a sweep's runs to trials, numbered in the order in which they were proposed.

    The names of pushed runs end in the trial's number; other runs are numbered by creation time.
    """
    numbers = [_TRIAL_NUMBER.search(run.name) for run in runs]
    found = [int(match[1]) for match in numbers if match is not None]
    if len(found) == len(runs) == len(set(found)):
        numbered = sorted(zip(found, runs, strict=True), key=lambda pair: pair[0])
    else:
        numbered = list(enumerate(sorted(runs, key=lambda run: (run.created, run.name))))
    return tuple(_trial(number, run, metric) for number, run in numbered)


def _trial(number: int, run: PulledRun, metric: Metric | None) -> Trial:
    state, reason = run.outcome(metric)
    trial = Trial(number, run.name, run.config, state, run.history)
    return replace(trial, reason=reason)


def _is_entry(key: str, entry: Any) -> bool:
    return key != "_wandb" and isinstance(entry, dict) and "value" in entry
