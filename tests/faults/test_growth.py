"""A sweep of very many trials: its processes do not grow, and a late trial costs what an early one does."""

from __future__ import annotations

import statistics

import pytest
from load import fill
from load_cases import watched_sweep

ROLES = ("controller", "fork server", "wandb-core")


def third(looks, which):
    """Return the looks of the first (0) or last (2) third of the trials."""
    low, high = looks[0].ended, looks[-1].ended
    bounds = [low + (high - low) * part / 3 for part in (which, which + 1)]
    return [look for look in looks if bounds[0] <= look.ended <= bounds[1]]


def cpu_of_a_trial(looks):
    """Return the controller's milliseconds of CPU for each trial between the first and the last look."""
    return 1000 * (looks[-1].cpu - looks[0].cpu) / (looks[-1].ended - looks[0].ended)


@pytest.mark.processes
@pytest.mark.fault(
    "Bad surroundings",
    "a sweep of 20,000 trials",
    made="real trials that log one row, two at a time; in full they follow 20,000 in the same folder",
    promised="file handles, memory and the controller's time a trial do not grow with the number of trials",
)
def test_a_late_trial_costs_what_an_early_one_does(tmp_path, fault):
    before, more = fault.times(0, 20_000), fault.times(60, 900)
    fill(tmp_path, before, rows=1)
    looks = watched_sweep(tmp_path, "--count", str(before + more), "--workers", "2", "--parallel", "2")
    looks = [look for look in looks if look.ended >= 10]  # the first trials import what the others share
    first, last = third(looks, 0), third(looks, 2)
    for role in ROLES:
        handles = [max(look.handles[role] for look in part) for part in (first, last)]
        memory = [statistics.median(look.memory[role] for look in part) for part in (first, last)]
        # wandb-core has a handle for each run that is open or closing, and collects garbage now and then.
        assert handles[1] <= handles[0] + (12 if role == "wandb-core" else 3), (role, handles)
        assert memory[1] <= memory[0] + 12 * more + 16 * 1024, (role, memory)
    times = [cpu_of_a_trial(part) for part in (first, last)]
    assert times[1] <= 2 * times[0] + 5, times
    # It was 83 ms after 6,000 others, and rose, when each trial made the controller look at all of them.
    assert times[1] < 80, times
    kept = ", ".join(f"{role} {last[-1].handles[role]}" for role in ROLES)
    fault.observed(
        f"{more:,} trials after {before:,} others: the controller's CPU a trial was {times[0]:.0f} ms in the "
        f"first third and {times[1]:.0f} ms in the last; file handles at the end: {kept}"
    )
