"""Thousands of runs in a folder, and a hundred thousand trials without processes."""

from __future__ import annotations

import functools

import growth
import load
import pytest

# Seconds of CPU and MiB that a command may take with 10,000 runs. Measured: docs/performance.md. A slow
# machine may take three times as long.
STATED = {"resume": (90, 600), "compare": (120, 1500), "view": (120, 800), "push": (90, 600)}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a function that makes a folder of some number of runs, once."""

    @functools.cache
    def make(count):
        folder = tmp_path_factory.mktemp(f"load{count}")
        load.fill(folder, count)
        return folder

    return make


@pytest.mark.processes
@pytest.mark.fault(
    "Load",
    "10,000 runs in a folder",
    made="run logs of ten rows each; the short version has 100",
    promised="resume, compare, view and push (of 200 runs) keep to the CPU seconds and memory in Performance",
)
@pytest.mark.parametrize("what", ["resume", "compare", "view", "push"])
def test_many_runs_in_a_folder(home, fault, what):
    count = fault.times(100, 10_000) if what != "push" else fault.times(4, 200)
    if what in ("compare", "push") and not fault.full:
        pytest.skip("tests/commands and tests/push do so with small sweeps")
    commands = {
        "resume": lambda folder: load.resume(folder, count),
        "compare": load.compare,
        "view": load.view,
        "push": lambda folder: load.with_server(folder, count, "push"),
    }
    cost = commands[what](home(count))
    seconds, memory = STATED[what]
    assert cost.cpu < 3 * seconds and cost.memory < memory
    fault.observed(f"{what}, {count:,} runs: {cost.cpu:.0f} s of CPU, {cost.memory:.0f} MiB")


@pytest.mark.fault(
    "Load",
    "100,000 trials by simulation",
    made="a search that has 100,000 ended trials runs some more, without processes and files",
    promised="a suggestion, a decision of hyperband and the printed line cost what they do after 1,000; the "
    "models of bayes and TPE grow with what they have seen",
)
def test_a_trial_costs_a_search_the_same_after_very_many_others(fault):
    few, many = 1_000, fault.times(10_000, 100_000)
    costs = [growth.a_trial(count, fault.times(40, 200)) for count in (few, many)]
    for part in growth.PARTS:
        before, after = (1000 * cost[part] for cost in costs)
        assert after < 3 * before + 1, (part, before, after)
        fault.observed(f"{part}: {before:.2f} ms after {few:,} trials, {after:.2f} ms after {many:,}")
