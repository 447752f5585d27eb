"""What a sweep starts from besides its file, and the suggestions that it turned down.

    DIR/wandb/sweep-ID/start.json      initial configurations, earlier runs with their results, options
    DIR/wandb/sweep-ID/redrawn.json    by trial: how many suggestions repeated an earlier configuration

The results of earlier runs are copied when the sweep starts, so it replays even if their source changes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fashion_wb.errors import FashionWbError
from fashion_wb.files import write_text
from fashion_wb.json_file import read_object
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.trial import Metric, Trial, TrialState


@dataclass(frozen=True)
class Start:
    """What a sweep starts from besides its file.

    Attributes:
        initial: configurations to try first, complete or not; nested parameters have dotted names.
        sources: where earlier runs were read, as the user named it.
        earlier: earlier runs with a result, whose configurations are in the search space.
        left_out: how many runs of the sources were left out, by reason.
        allow_repeats: whether a configuration may be tried twice.
    """

    initial: tuple[Mapping[str, Any], ...] = ()
    sources: tuple[str, ...] = ()
    earlier: tuple[Trial, ...] = ()
    left_out: Mapping[str, int] | None = None
    allow_repeats: bool = False


@dataclass(frozen=True)
class RedrawnTrial:
    """A trial for which suggestions were turned down.

    Attributes:
        draws: how many suggestions were turned down.
        end: "suggested", "at random" or "repeated"; see `search.no_repeats.Redrawn`.
    """

    draws: int
    end: str


def write_start(start: Start, folder: SweepDir) -> None:
    """Record what a sweep starts from; return when it is on disk."""
    metric = folder.sweep.metric
    record = {
        "initial": start.initial,
        "sources": start.sources,
        "earlier": [_describe(trial, metric) for trial in start.earlier],
        "left_out": start.left_out or {},
        "allow_repeats": start.allow_repeats,
    }
    write_text(json.dumps(record, indent=1) + "\n", _start_file(folder))


def read_start(folder: SweepDir) -> Start | None:
    """Read what a sweep starts from; None if nothing is recorded, so that it starts from its file alone.

    Raises:
        FashionWbError: the record is damaged.
    """
    path = _start_file(folder)
    try:
        record = read_object(path)
        return Start(
            initial=tuple(map(dict, record["initial"])),
            sources=tuple(record["sources"]),
            earlier=tuple(_trial(number, run) for number, run in enumerate(record["earlier"])),
            left_out=record["left_out"],
            allow_repeats=record["allow_repeats"],
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, OverflowError):
        raise FashionWbError(f"{path}: damaged; restore it from a copy") from None


def record_redrawn(number: int, trial: RedrawnTrial, folder: SweepDir) -> None:
    """Record that suggestions for trial `number` were turned down; return when it is on disk."""
    record = {str(n): vars(known) for n, known in read_redrawn(folder).items()}
    record[str(number)] = vars(trial)
    write_text(json.dumps(record) + "\n", _redrawn_file(folder))


def read_redrawn(folder: SweepDir) -> dict[int, RedrawnTrial]:
    """Read, by number, the trials for which suggestions were turned down.

    Raises:
        FashionWbError: the record is damaged.
    """
    path = _redrawn_file(folder)
    try:
        return {int(number): RedrawnTrial(**entry) for number, entry in read_object(path).items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError):
        raise FashionWbError(f"{path}: damaged; delete it, it is a count for the summary only") from None


def _start_file(folder: SweepDir) -> Path:
    return folder.proposals / "start.json"


def _redrawn_file(folder: SweepDir) -> Path:
    return folder.proposals / "redrawn.json"


def _describe(trial: Trial, metric: Metric | None) -> dict[str, Any]:
    steps = [(row.get("_step", position), row) for position, row in enumerate(trial.history)]
    rows = [
        {"_step": step, metric.name: metric.values([row])[0]}
        for step, row in steps
        if metric is not None and metric.values([row])
    ]
    return {"run": trial.run_id, "config": trial.config, "state": trial.state, "history": rows}


def _trial(number: int, run: Mapping[str, Any]) -> Trial:
    return Trial(number, run["run"], run["config"], TrialState(run["state"]), tuple(run["history"]))
