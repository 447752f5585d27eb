"""Which machines get no more trials: those that fail again and again while others do not."""

from __future__ import annotations

import random

import pytest

from fashion_wb.executors.machine_health import MachineHealth

MACHINES = ("a", "b", "c")


def after(history: str) -> MachineHealth:
    """The health after trials such as "a+ b-": where each ran, and whether it did not fail."""
    health = MachineHealth()
    for one in history.split():
        health.count(one[0], failed=one[1] == "-")
    return health


@pytest.mark.parametrize(
    ("history", "verdict"),
    [
        ("", "good"),
        ("a- a-", "good"),
        ("a- a- a-", "waits"),
        ("a- a- a- b-", "good"),
        ("a- a- a- b+", "good"),
        ("b+ " * 3 + "a- a- a- a- a-", "bad"),
        ("b+ c+ " * 6 + "a- a- a-", "bad"),
        ("b+ c- " * 6 + "a- a- a-", "good"),
        ("b+ c+ " * 6 + "a- a- a+", "good"),
        ("a- a- a- b- b- b- c- c- c-", "good"),
    ],
)
def test_a_machine_is_judged_by_its_failures_in_a_row_and_by_what_others_show(history, verdict):
    doubt = after(history).doubt("a", MACHINES)
    assert ("good" if doubt is None else "bad" if doubt.is_bad else "waits") == verdict


def test_the_only_machine_is_never_in_doubt():
    health = after("b+ " * 20 + "a- " * 20)
    assert health.doubt("a", MACHINES).is_bad
    assert health.doubt("a", ("a",)) is None


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.3, 0.6])
def test_where_trials_fail_alike_everywhere_few_sweeps_lose_a_machine(rate):
    generator, lost = random.Random(1), 0
    for _ in range(400):
        health, out = MachineHealth(), False
        for number in range(200):
            machine = MACHINES[number % 3]
            health.count(machine, failed=generator.random() < rate)
            doubt = health.doubt(machine, MACHINES)
            out = out or (doubt is not None and doubt.is_bad)
        lost += out
    # With seed 2, of 1,000 sweeps each: 0, 5, 35 and 17.
    assert lost <= 20
