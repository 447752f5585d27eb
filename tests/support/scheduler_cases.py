"""Sweeps with a scheduler block, and trials of them, for the tests of the scheduler."""

from __future__ import annotations

import math
from pathlib import Path

from search_cases import METRIC

from fashion_wb.search.scheduler.block import SchedulerSampler
from fashion_wb.trial import Trial, TrialState

SPACE = {"x": {"min": 0.0, "max": 1.0}, "u": {"value": 3}}


def config(parameters=None, **scheduler):
    block = {"engine": "optuna", **scheduler}
    space = SPACE if parameters is None else parameters
    return {"method": "custom", "metric": {"name": "valid_loss"}, "scheduler": block, "parameters": space}


def sampler(code=None, parameters=None, seed=0, **scheduler):
    if code is not None:
        Path("own.py").write_text("import optuna\n" + code, encoding="utf-8")
        scheduler = {"source": "own.py", **scheduler}
    return SchedulerSampler(config(parameters, **scheduler), METRIC, "sweep-id", seed)


def trial(number, x, values=(), state=TrialState.FINISHED):
    rows = tuple({"_step": step, "valid_loss": value} for step, value in enumerate(values))
    return Trial(number, f"r{number}", {"x": x, "u": 3}, state, rows)


STUDY = "def study(sweep):\n    return optuna.create_study({})\n"


ONE_OF_EACH = [
    trial(0, 0.1, (3.0, 1.0, 2.0)),
    trial(1, 0.2, (5.0, 4.0, 4.5), TrialState.STOPPED),
    trial(2, 0.3, (1.0,), TrialState.FAILED),
    trial(3, 0.4, (math.nan,)),
    trial(4, 0.5, (), TrialState.STOPPED),
    trial(5, 0.6, (7.0,), TrialState.RUNNING),
]
