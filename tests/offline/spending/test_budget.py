"""A budget in steps or seconds: never exceeded, used up, and independent of the order in which trials end."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from fashion_wb.offline.spending.budget import SecondsBudget, StepBudget
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


def timed(number, seconds, state=TrialState.FINISHED):
    return Trial(number, "r", {}, state, ({"_runtime": seconds},))


def test_seconds_keep_room_for_one_trial_as_long_as_the_longest():
    budget = SecondsBudget(10.0)
    assert budget.has_room([], 0)
    assert budget.has_room([timed(0, 4.0), timed(1, 2.0)], 2)
    assert not budget.has_room([timed(0, 4.0), timed(1, 2.5)], 2)
    assert budget.is_spent([timed(0, 4.0), timed(1, 2.5)])
    # The first trial may take more than there is.
    assert budget.is_spent([timed(0, 11.0)]) and budget.spent([timed(0, 11.0)]) == 11.0


def test_running_trials_count_with_the_longest_so_far_or_what_they_took_already():
    budget = SecondsBudget(10.0)
    running = timed(1, 0.5, TrialState.RUNNING)
    assert budget.has_room([timed(0, 3.0), running], 1)
    assert not budget.has_room([timed(0, 3.5), running], 1)
    assert not budget.has_room([timed(0, 1.0), timed(1, 8.5, TrialState.RUNNING)], 1)


def test_failed_trials_spend_seconds_and_trials_without_rows_none():
    budget = SecondsBudget(3.0)
    failed = timed(0, 2.0, TrialState.FAILED)
    silent = Trial(1, "r", {}, TrialState.FAILED)
    assert budget.spent([failed, silent]) == 2.0 and budget.is_spent([failed, silent])
    assert not budget.is_spent([silent])
