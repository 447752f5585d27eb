"""A budget in steps or seconds: never exceeded, used up, and independent of the order in which trials end."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from fashion_wb.offline.budget import StepBudget
from fashion_wb.trial import Trial, TrialState

ROW = {"loss": 1.0}


def run_search(budget, parallel, lengths, pick):
    """Run a search whose trial k trains lengths[k] epochs; `pick` chooses which running trial ends next."""
    trials = []
    while True:
        shown = max(0, len(trials) - parallel + 1)
        running = [t.number for t in trials if not t.state.ended]
        if len(running) < parallel and budget.has_room(trials, shown):
            trials.append(Trial(len(trials), "r", {}, TrialState.RUNNING))
            continue
        if not running:
            return trials
        number = running[pick(len(running))]
        epochs = min(lengths[number % len(lengths)], budget.per_trial)
        trials[number] = replace(trials[number], state=TrialState.STOPPED, history=(ROW,) * epochs)


@settings(deadline=None)
@given(
    per_trial=st.integers(1, 9),
    more=st.integers(0, 60),
    parallel=st.integers(1, 4),
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=20),
    data=st.data(),
)
def test_the_budget_is_used_up_and_never_exceeded_whichever_trial_is_faster(
    per_trial, more, parallel, lengths, data
):
    budget = StepBudget(per_trial + more, per_trial, "loss")
    first = run_search(budget, parallel, lengths, lambda n: data.draw(st.integers(0, n - 1)))
    assert budget.total - per_trial < budget.spent(first) <= budget.total
    assert budget.is_spent(first)
    assert run_search(budget, parallel, lengths, lambda n: 0) == first


def test_as_many_trials_of_full_length_run_as_fit():
    assert len(run_search(StepBudget(100, 10, "loss"), 2, [10], lambda n: 0)) == 10
    assert len(run_search(StepBudget(109, 10, "loss"), 3, [10], lambda n: 0)) == 10


def test_a_failed_trial_costs_the_epochs_it_trained():
    budget = StepBudget(10, 4, "loss")
    failed = Trial(0, "r", {}, TrialState.FAILED, (ROW, ROW, ROW))
    assert budget.spent([failed]) == 3 and budget.has_room([failed], 1)
    assert not budget.has_room([failed, replace(failed, number=1, history=(ROW,) * 4)], 2)
