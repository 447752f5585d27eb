"""Sweep files: the project's own, and a collection of bad ones with the message for each."""

from __future__ import annotations

from pathlib import Path

import pytest

from fashion_wb.errors import FashionWbError
from fashion_wb.study.methods import sweep_path
from fashion_wb.study.plan import METHODS
from fashion_wb.sweepfile.sweep import read_sweep
from fashion_wb.trial import Metric

PROGRAM = "program: prog.py\n"
X = "parameters: {x: {min: 0.0, max: 1.0}}\n"
RANDOM = "method: random\n" + PROGRAM + X

# name: (content, text that the message must contain)
BAD = {
    "empty": ("", "the file is empty"),
    "not a mapping": ("- method\n", "must be a mapping"),
    "not yaml": ("method: [random\n", ":2: not valid YAML"),
    "tab": ("method: random\n\tprogram: x\n", ":2: not valid YAML"),
    "key twice": ("method: random\nmethod: bayes\n", "method: given twice, again on line 2"),
    "no method": (PROGRAM + X, "'method' is a required property"),
    "unknown method": (
        "method: randm\n" + PROGRAM + X,
        ":1: method: must be one of bayes, random, grid, custom",
    ),
    "no parameters": ("method: random\n" + PROGRAM, "`parameters` is required"),
    "empty parameters": ("method: random\n" + PROGRAM + "parameters: {}\n", "parameters"),
    "bounds of unclear kind": (
        "method: random\n" + PROGRAM + "parameters:\n  lr: {min: 1e-4, max: 1.0}\n",
        ":4: parameters.lr: min 1e-4 and max 1.0 do not tell integers from numbers, so W&B refuses them",
    ),
    "bound in quotes": (
        "method: random\n" + PROGRAM + "parameters:\n  lr: {distribution: uniform, min: '1e-4', max: 1.0}\n",
        ":4: parameters.lr.min: must be a number, got the text '1e-4'; write numbers without quotes",
    ),
    "a date": (
        RANDOM.replace("min: 0.0, max: 1.0", "value: 2026-01-01"),
        "parameters.x.value: holds a value that W&B",
    ),
    "min above max": (
        "method: random\n" + PROGRAM + "parameters:\n  x: {min: 3, max: 1}\n",
        ":4: parameters.x: min 3 is not less than max 1",
    ),
    "unknown distribution": (
        "method: random\n" + PROGRAM + "parameters:\n  x: {distribution: gauss, min: 0, max: 1}\n",
        ":4: parameters.x.distribution: must be one of beta",
    ),
    "parameter is a number": (
        "method: random\n" + PROGRAM + "parameters:\n  x: 3\n",
        ":4: parameters.x: must be a mapping such as {value: 1}",
    ),
    "parameter without a form": (
        "method: random\n" + PROGRAM + "parameters:\n  x: {min: 3}\n",
        ":4: parameters.x: not a parameter W&B knows",
    ),
    "nested bad parameter": (
        "method: random\n" + PROGRAM + "parameters:\n  a:\n    parameters:\n      b: {min: 2.0, max: 1.0}\n",
        ":6: parameters.a.parameters.b: min 2.0 is not less than max 1.0",
    ),
    "run_cap zero": (RANDOM + "run_cap: 0\n", "run_cap"),
    "run_cap text": (RANDOM + "run_cap: ten\n", ":4: run_cap: 'ten' is not of type 'integer'"),
    "no program": ("method: random\n" + X, "needs program (a training script) or command"),
    "launch job": (RANDOM + "job: a/b/c:v1\n", ":4: job: W&B Launch needs W&B's server"),
    "bayes without metric": ("method: bayes\n" + PROGRAM + X, "needs metric"),
    "goal misspelt": (
        RANDOM + "metric: {name: loss, goal: minimise}\n",
        "metric.goal: must be one of minimize, maximize, got 'minimise'",
    ),
    "custom without scheduler": (
        "method: custom\nmetric: {name: loss}\n" + PROGRAM + X,
        "method custom needs a scheduler block",
    ),
    "engine hyperopt": (
        "method: custom\nscheduler: {engine: hyperopt}\nmetric: {name: loss}\n" + PROGRAM + X,
        "scheduler.engine: must be one of optuna, ax, wandb, got 'hyperopt'",
    ),
    "scheduler and early_terminate": (
        "method: custom\nscheduler: {engine: optuna}\nmetric: {name: loss}\n"
        "early_terminate: {type: hyperband, min_iter: 1}\n" + PROGRAM + X,
        "`early_terminate` cannot be used together with `scheduler`",
    ),
    "several metrics": (
        "method: custom\nscheduler: {engine: optuna}\nmetrics: [{name: a}, {name: b}]\n" + PROGRAM + X,
        "several objectives",
    ),
    "train.py parameter misspelt": (
        "method: random\nprogram: train.py\nparameters:\n  filter: {value: 3}\n",
        ":4: parameters.filter: train.py has no such hyperparameter; did you mean 'filters'",
    ),
    "train.py value out of range": (
        "method: random\nprogram: train.py\nparameters:\n  filters: {min: 0, max: 15}\n",
        ":4: parameters.filters.min: filters must lie in [1, 512], got 0",
    ),
    "train.py fraction": (
        "method: grid\nprogram: train.py\nparameters:\n  epochs: {values: [1, 2.5]}\n",
        "parameters.epochs.values: epochs must be an integer, got 2.5",
    ),
}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_a_sweep_file_named_after_it(method):
    sweep = read_sweep(sweep_path(method))
    assert sweep.name == method
    assert sweep.metric == Metric("valid_loss", "minimize")
    assert sweep.run_cap == 10


def test_the_sweep_files_differ_only_in_the_method():
    configs = [dict(read_sweep(sweep_path(method)).config) for method in METHODS]
    for config in configs:
        for key in ("name", "method", "scheduler", "early_terminate"):
            config.pop(key, None)
    assert all(config == configs[0] for config in configs)


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_rejected_with_its_line_and_the_rule(case, tmp_path, monkeypatch):
    # train.py is relative to the current directory, as for W&B's agent.
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    content, message = BAD[case]
    path = tmp_path / "bad.yaml"
    path.write_text(content)
    with pytest.raises(FashionWbError) as caught:
        read_sweep(path)
    assert str(caught.value).startswith(f"{path}")
    assert message in str(caught.value)


def test_a_missing_file_and_a_folder_are_rejected(tmp_path):
    with pytest.raises(FashionWbError, match="no such file"):
        read_sweep(tmp_path / "absent.yaml")
    with pytest.raises(FashionWbError, match="cannot be read"):
        read_sweep(tmp_path)


def test_a_users_own_file_is_read_unchanged(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "method: grid\ncommand: [bash, run.sh, '${args_no_hyphens}']\n"
        "parameters:\n  zero: {value: 0}\n  opt:\n    parameters:\n      beta: {values: [0.9, 0.99]}\n"
    )
    sweep = read_sweep(path)
    assert (sweep.name, sweep.metric, sweep.run_cap, sweep.program) == ("mine", None, None, None)
    assert sweep.config["parameters"]["zero"] == {"value": 0}
