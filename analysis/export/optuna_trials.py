"""The trials of a sweep as those of an Optuna study."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState

from analysis.export.columns import free_name
from analysis.export.distributions import Dimension, dimension
from analysis.export.frames import end, start
from analysis.records.flat import flat_config, searched_parameters, varying_parameters
from analysis.records.sweep import SweepRecord
from fashion_wb.errors import FashionWbError
from fashion_wb.search.space import Space, make_space
from fashion_wb.trial import Metric, Trial, TrialState

_STATES = {
    TrialState.FINISHED: OptunaState.COMPLETE,
    TrialState.STOPPED: OptunaState.PRUNED,
    TrialState.FAILED: OptunaState.FAIL,
    TrialState.RUNNING: OptunaState.RUNNING,
}
# A parameter or constant of the same name gets "config." before it.
ATTRIBUTES = ("run", "sweep", "state", "reason", "times")


@dataclass(frozen=True)
class StudyContents:
    """What becomes an Optuna study.

    Attributes:
        metric: the objective.
        trials: in the order of their numbers.
        attributes: what the study's user attributes say.
        notes: how parameters differ from the sweep file, one line each.
    """

    metric: Metric
    trials: tuple[FrozenTrial, ...]
    attributes: Mapping[str, Any]
    notes: tuple[str, ...]


def study_contents(sweep: SweepRecord, metric: Metric) -> StudyContents:
    """Return a sweep with the objective `metric` as an Optuna study; no value is changed or lost."""
    space = _space(sweep)
    flats = [_flat(trial, space) for trial in sweep.ordered]
    dimensions = _dimensions(sweep, space, flats)
    notes = [one.note for one in dimensions.values() if one.note]
    if space is None and dimensions:
        notes.append("the sweep file does not say what the parameters are; in Optuna they are what occurs")
    known = 0.0
    trials = []
    for trial, flat in zip(sweep.ordered, flats, strict=True):
        # Optuna demands times. A trial without any gets the last time before it, and says so.
        known = max(known, start(trial) or known)
        trials.append(_frozen(trial, sweep.sweep, metric, dimensions, flat, known))
        known = max(known, end(trial) or known)
    attributes = {"sweep": sweep.sweep, "sweep file": _as_json(sweep.config)}
    return StudyContents(metric, tuple(trials), attributes, tuple(notes))


def _space(sweep: SweepRecord) -> Space | None:
    """Return the space of a sweep; None if its file does not tell, or if it is of another engine's kind."""
    if not sweep.config.get("parameters"):
        return None
    try:
        return make_space({"method": "random", **sweep.config})
    except (FashionWbError, ValueError):
        # Of a sweep on W&B's server, which may be of any engine.
        return None


def _flat(trial: Trial, space: Space | None) -> dict[str, Any]:
    """Return a trial's configuration with dotted names: as the space has them, then what else there is."""
    if space is None:
        return flat_config(trial.config)
    own = space.flatten(trial.config)
    others = {
        name: value
        for name, value in flat_config(trial.config).items()
        if not any(name == known or name.startswith(f"{known}.") for known in space.domains)
    }
    return {**own, **others}


def _dimensions(
    sweep: SweepRecord, space: Space | None, flats: Sequence[Mapping[str, Any]]
) -> dict[str, Dimension]:
    if space is None:
        names = varying_parameters({}, flats)
    else:
        names = [name for name in space.domains if name not in space.constants]
    specs = searched_parameters(sweep.config.get("parameters", {}))
    found = {}
    for name in names:
        values = [flat[name] for flat in flats if name in flat]
        if values:
            domain = None if space is None else space.domains[name]
            log = "log" in str(specs.get(name, {}).get("distribution", ""))
            found[name] = dimension(name, domain, log, values)
    return found


def _frozen(
    trial: Trial,
    sweep_id: str,
    metric: Metric,
    dimensions: Mapping[str, Dimension],
    flat: Mapping[str, Any],
    known: float,
) -> FrozenTrial:
    here = {name: one for name, one in dimensions.items() if name in flat}
    first, last = start(trial), end(trial)
    attributes = {"run": trial.run_id, "sweep": sweep_id, "state": trial.state.value}
    if trial.reason:
        attributes["reason"] = trial.reason
    if first is None:
        attributes["times"] = "not logged"
    constants = {
        free_name(name, ATTRIBUTES, "config"): _as_json(value)
        for name, value in flat.items()
        if name not in here
    }
    best = None if trial.state in (TrialState.FAILED, TrialState.RUNNING) else metric.best(trial.history)
    began = known if first is None else first
    return FrozenTrial(
        number=trial.number,
        trial_id=trial.number,
        state=_STATES[trial.state],
        value=best,
        datetime_start=datetime.fromtimestamp(began),  # local time, as Optuna writes it
        datetime_complete=datetime.fromtimestamp(began if last is None else last)
        if trial.state.ended
        else None,
        params={name: one.value(flat[name]) for name, one in here.items()},
        distributions={name: one.distribution for name, one in here.items()},
        user_attrs={**attributes, **constants},
        system_attrs={},
        intermediate_values=_intermediate(trial, metric),
    )


def _intermediate(trial: Trial, metric: Metric) -> dict[int, float]:
    """Return each logged value of the metric by W&B's `_step`, or by its place if there is no such step."""
    found: dict[int, float] = {}
    for position, row in enumerate(trial.history):
        value = row.get(metric.name)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            continue
        step = row.get("_step")
        found[step if isinstance(step, int) and step not in found else position] = float(value)
    return found


def _as_json(value: Any) -> Any:
    """Return a value that JSON can hold; a user attribute is stored as JSON."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return json.loads(json.dumps(value, default=str))
