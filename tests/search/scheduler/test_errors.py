"""Mistakes in a scheduler block, and the message for each."""

from __future__ import annotations

import pytest
from scheduler_cases import STUDY, config, sampler

from fashion_wb.errors import FashionWbError
from fashion_wb.search.scheduler.block import SchedulerSampler

pytestmark = pytest.mark.usefixtures("in_own_folder")


@pytest.mark.parametrize(
    ("code", "scheduler", "text"),
    [
        (None, {"source": "absent.py", "optimizer": "study"}, "no such file 'absent.py'"),
        ("x = 1", {"optimizer": "study"}, "no attribute 'study'"),
        ("study = 1", {"optimizer": "study"}, "not a function"),
        ("def study(sweep):\n    return 1", {"optimizer": "study"}, "returned int"),
        ("def study():\n    return 1", {"optimizer": "study"}, "one SweepInfo argument"),
        ("def study(sweep):\n    return 1 / 0", {"optimizer": "study"}, "ZeroDivisionError"),
        ("def study(sweep:", {"optimizer": "study"}, "SyntaxError"),
        (STUDY.format("direction='maximize'"), {"optimizer": "study"}, "does not match"),
        (
            "def study(sweep):\n    s = optuna.create_study()\n    s.ask()\n    return s",
            {"optimizer": "study"},
            "already has trials",
        ),
        ("def space(trial):\n    return 1", {"search_space": "space"}, "not a dict"),
        ("def space(trial):\n    return 1 / 0", {"search_space": "space"}, "ZeroDivisionError"),
        (None, {"optimizer": "study"}, "source"),
        (None, {"engine": "ax"}, "scheduler"),
        (None, {"engine": "vizier"}, "vizier"),
    ],
)
def test_the_error_says_what_is_wrong_with_the_block_or_the_users_functions(code, scheduler, text):
    with pytest.raises(FashionWbError, match=text):
        sampler(code, **scheduler)


def test_an_error_of_the_users_function_is_reported_while_suggesting():
    code = "n = 0\ndef space(trial):\n    global n\n    n += 1\n    return {'x': 1 / (2 - n)}"
    with pytest.raises(FashionWbError, match="ZeroDivisionError"):
        sampler(code, parameters={}, search_space="space").ask([])


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"parameters": {"y": {"value": 1}}}, r"parameters\.x: .*nested"),
        ({"distribution": "normal", "mu": 0.0, "sigma": 1.0}, r"parameters\.x: .*normal"),
        ({"distribution": "beta", "a": 1, "b": 1}, "beta"),
        ({"distribution": "log_uniform", "min": -3.0, "max": 0.0}, "log_uniform"),
    ],
)
def test_parameters_that_the_engine_lacks_are_rejected(spec, text):
    with pytest.raises(FashionWbError, match=text):
        sampler(parameters={"x": spec})


def test_a_scheduler_needs_a_metric():
    with pytest.raises(FashionWbError, match="metric"):
        SchedulerSampler(config(), None, "id", 0)
