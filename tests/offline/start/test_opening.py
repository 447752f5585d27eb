"""What a sweep starts from: which earlier runs count, what is recorded, and what may change afterwards."""

from __future__ import annotations

import math

import pytest

from fashion_wb.errors import FashionWbError
from fashion_wb.offline.start.earlier_runs import fit_runs
from fashion_wb.offline.start.notes import describe_repeats, describe_start, is_used_up
from fashion_wb.offline.start.opening import NOTHING_MORE, StartOptions, open_start, search_of
from fashion_wb.search.space import make_space
from fashion_wb.sweep_folder.opening import open_sweep_dir
from fashion_wb.sweep_folder.start import Start, read_redrawn, read_start
from fashion_wb.sweepfile.sweep import make_sweep
from fashion_wb.trial import Metric, Trial, TrialState

PARAMETERS = {
    "x": {"min": 0, "max": 9},
    "lr": {"min": 0.0, "max": 1.0},
    "seed": {"value": 3},
    "n": {"value": 5},
}
CONFIG = {"method": "bayes", "metric": {"name": "loss", "goal": "minimize"}, "parameters": PARAMETERS}
SPACE, LOSS = make_space(CONFIG), Metric("loss")


def run(state=TrialState.FINISHED, losses=(0.5, 0.25), **changes):
    config = {"x": 1, "lr": 0.5, "seed": 3, "n": 5} | changes
    config = {name: value for name, value in config.items() if value is not None}
    rows = tuple({"_step": step, "loss": loss, "other": 1.0} for step, loss in enumerate(losses))
    return Trial(0, f"r{state}{changes}{losses}", config, state, rows)


def folder_of(root, **changes):
    return open_sweep_dir(root / "sweep", make_sweep({**CONFIG, **changes}, "sweep"), seed=1)


def reader(*runs):
    return lambda source, own: runs


def gone(source, own):
    raise AssertionError(f"{source} is read again")


def test_what_cannot_be_used_is_left_out_and_counted_by_reason():
    runs = [
        run(),
        run(TrialState.STOPPED, [0.7]),
        run(TrialState.FAILED),
        run(TrialState.RUNNING),
        run(losses=[math.nan]),
        run(losses=[]),
        run(x=10),
        run(x=2.5),
        run(lr="fast"),
        run(lr=None),
        run(n=6),
    ]
    fitting, left_out = fit_runs("runs", runs, SPACE, LOSS)
    assert [(trial.config, trial.state) for trial in fitting] == [
        ({"x": 1, "lr": 0.5, "seed": 3, "n": 5}, TrialState.FINISHED),
        ({"x": 1, "lr": 0.5, "seed": 3, "n": 5}, TrialState.STOPPED),
    ]
    assert left_out == {
        **{"failed": 1, "still running": 1, "without a finite loss": 2, "with x outside the space": 2},
        **{"with lr outside the space": 1, "without lr": 1, "with n outside the space": 1},
    }


def test_another_seed_other_parameters_and_values_as_the_server_returns_them_fit():
    ((trial,), left_out) = fit_runs("runs", [run(x=4.0, lr=1, seed=8, dropout=0.1)], SPACE, LOSS)
    assert repr(trial.config) == "{'x': 4, 'lr': 1.0, 'seed': 3, 'n': 5}" and not left_out


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        (
            [run(losses=[])],
            "--warm-start runs: none of its 1 runs has logged a finite loss, the metric of this",
        ),
        (
            [run(x=10), run(x=11), run(n=1)],
            "none of its 3 runs can be used: 2 with x outside the space, 1 with n",
        ),
    ],
)
def test_a_source_of_which_nothing_can_be_used_is_refused(runs, message):
    with pytest.raises(FashionWbError, match=message):
        fit_runs("runs", runs, SPACE, LOSS)


def test_what_was_read_is_recorded_and_stays_when_the_source_changes_or_is_gone(tmp_path):
    options = StartOptions(sources=("runs", "more"))
    folder = folder_of(tmp_path)
    start = open_start(folder, options, reader(run(), run(x=2), run(TrialState.FAILED)))
    assert describe_start(folder) == ["Starts from 2 earlier runs of runs, more; left out: 2 failed"]
    assert [t.history[-1] for t in start.earlier] == [{"_step": 1, "loss": 0.25}] * 2
    again = folder_of(tmp_path)
    assert again == folder and open_start(again, options, gone) == read_start(folder)
    first = search_of(folder)[0].ask([])
    folder.propose(0, first)
    assert open_start(folder_of(tmp_path), options, gone) == read_start(folder)
    assert search_of(folder_of(tmp_path))[0].ask([]) == first


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (NOTHING_MORE, "--warm-start was runs, is now not given"),
        (StartOptions(sources=("other",)), "--warm-start was runs, is now other"),
        (StartOptions(sources=("runs",), allow_repeats=True), "--allow-repeats was not given, is now given"),
    ],
)
def test_a_sweep_that_has_started_keeps_its_options(tmp_path, options, message):
    folder = folder_of(tmp_path)
    open_start(folder, options, reader(run()))  # before the first trial, other options are another start
    open_start(folder, StartOptions(sources=("runs",)), reader(run()))
    folder.propose(0, {"x": 1, "lr": 0.5, "seed": 3, "n": 5})
    with pytest.raises(FashionWbError, match=message):
        open_start(folder, options, gone)


def test_a_changed_file_of_initial_configurations_is_refused(tmp_path):
    file = tmp_path / "first.yaml"
    file.write_text("- {x: 3}\n")
    folder, options = folder_of(tmp_path), StartOptions(initial=file)
    assert open_start(folder, options, gone).initial == ({"x": 3},)
    assert describe_start(folder) == ["Tries 1 given configuration first"]
    folder.propose(0, {"x": 3, "lr": 0.5, "seed": 3, "n": 5})
    file.write_text("- {x: 4}\n")
    with pytest.raises(FashionWbError, match=r"--initial was {'x': 3}, is now {'x': 4}"):
        open_start(folder, options, gone)


def test_a_sweep_of_its_file_alone_has_no_record(tmp_path):
    folder = folder_of(tmp_path)
    assert open_start(folder, NOTHING_MORE, gone) == Start() and read_start(folder) is None
    folder.propose(0, {"x": 1, "lr": 0.5, "seed": 3, "n": 5})
    assert open_start(folder, NOTHING_MORE, gone) == Start()
    with pytest.raises(FashionWbError, match="--warm-start was not given, is now runs"):
        open_start(folder, StartOptions(sources=("runs",)), gone)


def test_runs_of_two_sources_count_once(tmp_path):
    start = open_start(folder_of(tmp_path), StartOptions(sources=("a", "b")), reader(run(), run(x=2)))
    assert [trial.config["x"] for trial in start.earlier] == [1, 2]


def test_a_sweep_without_a_metric_cannot_use_results(tmp_path):
    folder = open_sweep_dir(tmp_path, make_sweep({"method": "random", "parameters": PARAMETERS}, "s"), 0)
    with pytest.raises(FashionWbError, match="needs metric"):
        open_start(folder, StartOptions(sources=("runs",)), reader(run()))


@pytest.mark.parametrize("options", [StartOptions(sources=("runs",)), StartOptions(initial="first.yaml")])
def test_a_space_that_a_function_defines_is_refused(tmp_path, options):
    block = {"engine": "optuna", "source": "x.py", "search_space": "space"}
    folder = folder_of(tmp_path, method="custom", scheduler=block)
    with pytest.raises(FashionWbError, match=r"scheduler\.search_space is a function"):
        open_start(folder, options, reader(run()))


def test_repeats_are_counted_and_the_end_of_the_space_is_said(tmp_path):
    # Four draws of four values repeat none with a chance of 4!/4**4 = 0.09; those of seed 1 do.
    parameters = {"x": {"min": 0, "max": 3}}
    folder = folder_of(tmp_path, method="random", parameters=parameters)
    open_start(folder, NOTHING_MORE, gone)
    trials = []
    while (config := search_of(folder)[0].ask(trials)) is not None:
        assert not is_used_up(folder, trials)
        trials.append(Trial(len(trials), folder.propose(len(trials), config), config, TrialState.RUNNING))
    assert sorted(trial.config["x"] for trial in trials) == [0, 1, 2, 3]
    draws = sum(found.draws for found in read_redrawn(folder).values())
    repeats, end = describe_repeats(folder, trials)
    assert draws > 1 and repeats.startswith(f"{draws} suggestions repeated an earlier configuration")
    assert end.startswith("All 4 configurations of the search space have been tried; to try them again, give")
    assert describe_repeats(folder, trials[:1]) == []


def test_a_damaged_record_is_reported(tmp_path):
    folder = folder_of(tmp_path)
    open_start(folder, StartOptions(sources=("runs",)), reader(run()))
    (folder.proposals / "start.json").write_text("{")
    with pytest.raises(FashionWbError, match=r"start\.json: damaged"):
        search_of(folder)
