"""Add many trials to an Optuna study in SQLite at once.

`Study.add_trials` sends some forty statements for each trial, which takes minutes for thousands of trials.
These are the same rows, written with Optuna's own tables; a test compares the two. This is the only file that
imports a private module of Optuna: if a new version breaks it, look here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from optuna.distributions import distribution_to_json
from optuna.storages import RDBStorage
from optuna.storages._rdb import models
from optuna.trial import FrozenTrial
from sqlalchemy import func, insert, select

Row = dict[str, Any]


def add_rows(storage: RDBStorage, study_name: str, trials: Sequence[FrozenTrial]) -> None:
    """Add trials to a study; they are numbered on from those that it has.

    Args:
        storage: an SQLite database that no other process uses.
        study_name: the study.
        trials: valid ones, whose values are in their distributions, with one objective.
    """
    study = storage.get_study_id_from_name(study_name)
    trial_ids, numbers = models.TrialModel.trial_id, models.TrialModel.number
    with storage.engine.begin() as connection:
        before = connection.execute(select(func.max(trial_ids))).scalar() or 0
        last = connection.execute(
            select(func.max(numbers)).where(models.TrialModel.study_id == study)
        ).scalar()
        start = 0 if last is None else last + 1
        rows: dict[Any, list[Row]] = {table: [] for table in _TABLES}
        for place, trial in enumerate(trials):
            for table, row in _rows(trial, before + 1 + place, start + place, study):
                rows[table].append(row)
        for table, found in rows.items():
            if found:
                connection.execute(insert(table), found)


_TABLES = (
    models.TrialModel,
    models.TrialValueModel,
    models.TrialParamModel,
    models.TrialIntermediateValueModel,
    models.TrialUserAttributeModel,
)


def _rows(trial: FrozenTrial, trial_id: int, number: int, study: int) -> Iterator[tuple[Any, Row]]:
    own = {"trial_id": trial_id}
    yield (
        models.TrialModel,
        {
            **own,
            "number": number,
            "study_id": study,
            "state": trial.state,
            "datetime_start": trial.datetime_start,
            "datetime_complete": trial.datetime_complete,
        },
    )
    if trial.value is not None:
        value, kind = models.TrialValueModel.value_to_stored_repr(trial.value)
        yield models.TrialValueModel, {**own, "objective": 0, "value": value, "value_type": kind}
    for name, value in trial.params.items():
        distribution = trial.distributions[name]
        yield (
            models.TrialParamModel,
            {
                **own,
                "param_name": name,
                "param_value": distribution.to_internal_repr(value),
                "distribution_json": distribution_to_json(distribution),
            },
        )
    for step, logged in trial.intermediate_values.items():
        stored, sort = models.TrialIntermediateValueModel.intermediate_value_to_stored_repr(logged)
        yield (
            models.TrialIntermediateValueModel,
            {**own, "step": step, "intermediate_value": stored, "intermediate_value_type": sort},
        )
    for key, attribute in trial.user_attrs.items():
        yield (
            models.TrialUserAttributeModel,
            {**own, "key": key, "value_json": json.dumps(attribute)},
        )
