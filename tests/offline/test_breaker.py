"""The circuit breaker: when repeated failures stop a sweep."""

from __future__ import annotations

import pytest

from fashion_wb.offline.breaker import CircuitBreaker
from fashion_wb.trial import TrialState


@pytest.mark.parametrize(
    ("outcomes", "is_open"),
    [
        ("", False),
        ("ff", False),
        ("fff", True),
        ("ok fff", False),
        ("ok ffffffffff", True),
        ("s ffffffffff", True),
        ("ok fffffffff ok fffffffff", False),
        ("ff s ff", False),
    ],
)
def test_it_opens_after_three_failures_at_the_start_and_ten_in_a_row_later(outcomes, is_open):
    breaker = CircuitBreaker()
    letters = {"f": TrialState.FAILED, "o": TrialState.FINISHED, "s": TrialState.STOPPED}
    for letter in outcomes.replace("k", "").replace(" ", ""):
        breaker.count(letters[letter])
    assert breaker.open == is_open


@pytest.mark.parametrize(
    ("outcomes", "machines", "is_open"),
    [
        ("af af af", 2, False),
        ("af af af", 1, True),
        ("af af bf", 2, True),
        ("ao" + " af" * 20, 2, False),
        ("ao" + " af" * 9 + " bf", 2, True),
        ("ao" + " af bf" * 5, 2, True),
    ],
)
def test_the_failures_of_one_machine_alone_do_not_open_it_while_there_are_others(outcomes, machines, is_open):
    breaker = CircuitBreaker()
    for machine, letter in outcomes.split():
        breaker.count(TrialState.FAILED if letter == "f" else TrialState.FINISHED, machine)
    assert breaker.is_open(machines) == is_open
