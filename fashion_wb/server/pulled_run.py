"""A run as W&B's server describes it, and the trial that it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fashion_wb.trial import Metric, Trial, TrialState

# W&B gives this exit code to a run that Ctrl-C, its agent or its server ended.
_STOPPED_FROM_OUTSIDE = 255
# W&B's words for a run that logs no more, unless it is resumed; the others are running, pending, preempting
# and preempted.
ENDED = ("finished", "failed", "crashed", "killed")
_NUMBERED = re.compile(r"-(\d{4,})$")


@dataclass(frozen=True)
class PulledRun:
    """One run of a sweep.

    Attributes:
        name: W&B's run id.
        state: W&B's word: running, finished, failed, crashed, killed, ...
        config: hyperparameters, plain values.
        summary: what the run's summary holds.
        exit_code: None while there is none.
        stop_asked: whether the server was told to stop it.
        created: when, as the server writes it (UTC).
        history: all rows, in order.
    """

    name: str
    state: str
    config: Mapping[str, Any]
    summary: Mapping[str, Any]
    exit_code: int | None
    stop_asked: bool
    created: str
    history: tuple[Mapping[str, Any], ...]

    def outcome(self, metric: Metric | None) -> tuple[TrialState, str]:
        """The trial's state, with the reason for a failure.

        What the server calls failed or crashed was stopped if its exit code, or the stop flag, says so.
        """
        if self.state not in ENDED:
            return TrialState.RUNNING, ""
        if self.state == "finished":
            if metric is not None and metric.best(self.history) is None:
                return TrialState.FAILED, f"finished without a finite value of {metric.name}"
            return TrialState.FINISHED, ""
        if self.state == "killed" or self.stop_asked or self.exit_code == _STOPPED_FROM_OUTSIDE:
            return TrialState.STOPPED, ""
        failure = self.summary.get("failure")
        if failure:
            return TrialState.FAILED, str(failure)
        code = "" if self.exit_code is None else f", exit code {self.exit_code}"
        return TrialState.FAILED, f"{self.state}{code}"


def parse_run(node: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> PulledRun:
    """A run from the fields of its GraphQL node, with `history` as its rows."""
    config = json.loads(node["config"] or "{}")
    return PulledRun(
        name=node["name"],
        state=node["state"],
        config={key: entry["value"] for key, entry in config.items() if _is_entry(key, entry)},
        summary=json.loads(node["summaryMetrics"] or "{}"),
        exit_code=node["exitcode"],
        stop_asked=bool(node["stopped"]),
        created=node["createdAt"],
        history=tuple(history),
    )


def as_trials(runs: Sequence[PulledRun], metric: Metric | None) -> tuple[Trial, ...]:
    """A sweep's runs as trials, numbered as when they were proposed.

    Runs that were pushed end in their trial's number; others are numbered in the order of creation.
    """
    numbers = [_NUMBERED.search(run.name) for run in runs]
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
