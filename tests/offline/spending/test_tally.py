"""A tally that looks at each ended trial once says what a look at all of them says."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from fashion_wb.offline.spending.budget import StepBudget
from fashion_wb.offline.spending.tally import Ended, Tally
from fashion_wb.offline.summary import incumbent
from fashion_wb.trial import Metric, Trial, TrialState

# What happens to a sweep: a trial starts, or one of the running ones ends, with these values.
HAPPENINGS = st.lists(
    st.tuples(
        st.booleans(),
        st.integers(0, 5),
        st.sampled_from([TrialState.FINISHED, TrialState.STOPPED, TrialState.FAILED]),
        st.lists(st.sampled_from([0.0, 1.0, 2.0, float("nan")]), max_size=3),
    ),
    max_size=40,
)


def happen(trials, happening):
    starts, which, state, values = happening
    running = [trial.number for trial in trials if not trial.state.ended]
    if starts or not running:
        trials.append(Trial(len(trials), f"r-{len(trials)}", {}, TrialState.RUNNING))
    else:
        number = running[which % len(running)]
        trials[number] = replace(
            trials[number], state=state, history=tuple({"loss": value} for value in values)
        )


@settings(max_examples=100, deadline=None)
@given(happenings=HAPPENINGS, goal=st.sampled_from(["minimize", "maximize"]))
def test_a_tally_says_what_a_look_at_all_trials_says(happenings, goal):
    metric, budget, trials = Metric("loss", goal), StepBudget(100, 1, "loss"), []
    tally, folder = Tally(metric, budget), SimpleNamespace(sweep=SimpleNamespace(metric=metric))
    for happening in happenings:
        happen(trials, happening)
        tally.look(trials)
        ended = [trial for trial in trials if trial.state.ended]
        assert tally.counts == Counter(trial.state for trial in ended)
        assert tally.spent == budget.spent(ended)
        assert tally.best is incumbent(folder, trials)
        assert tally.best is None or tally.value == metric.best(tally.best.history)


def test_each_trial_is_told_once_and_another_list_from_its_beginning():
    trials, ended = [], Ended()
    for happening in [(True, 0, None, []), (True, 0, None, []), (False, 1, TrialState.FAILED, [])]:
        happen(trials, happening)
    assert ended.look(trials) == [trials[1]] and ended.open == [0] and ended.look(trials) == []
    happen(trials, (False, 0, TrialState.FINISHED, [1.0]))
    assert ended.look(trials) == [trials[0]] and ended.open == []
    assert ended.look(list(trials)) == trials
