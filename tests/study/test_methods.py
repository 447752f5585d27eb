"""Methods are applied to a space that is not ours."""

from __future__ import annotations

import pytest
from sweep_cases import ROOT, place, yaml

from fashion_wb.errors import FashionWbError
from fashion_wb.search.factory import make_search
from fashion_wb.study.methods import read_method
from fashion_wb.study.subject import subject_of
from fashion_wb.study.suitability import unsuitable_methods
from fashion_wb.sweepfile.sweep import make_sweep, read_sweep
from fashion_wb.trial import Trial, TrialState

ALL = sorted(path.stem for path in (ROOT / "sweeps").glob("*.yaml"))
OPTUNA = {"cmaes", "hyperopt", "optuna", "optuna-gp", "qmc", "tpe-hyperband", "tpe-univariate"}


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A user's sweep file in a directory of their own; returns how to write its parameters."""
    monkeypatch.chdir(tmp_path)

    def write(parameters, **more):
        return place(tmp_path, yaml(parameters, **more))

    return write


def sweeps(path):
    return subject_of(read_sweep(path), path, ALL).sweeps


def test_a_method_changes_nothing_but_the_way_to_search(file):
    path = file(
        "x: {values: [1, 2, 3]}\nlr: {min: 0.1, max: 1.0}",
        method="bayes",
        more="early_terminate: {type: hyperband, min_iter: 7}\ndescription: mine\nproject: p\n",
    )
    theirs = dict(read_sweep(path).config)
    for method, sweep in sweeps(path).items():
        kept = {key: value for key, value in sweep.config.items() if key in theirs}
        search = read_method(method).search
        assert kept == {k: v for k, v in theirs.items() if k != "early_terminate" or k in search} | {
            key: value for key, value in search.items() if key in theirs
        }
        assert {k: sweep.config[k] for k in search} == search and sweep.name == method


@pytest.mark.parametrize("method", ALL)
def test_every_method_searches_a_space_of_every_kind_that_all_of_them_take(method, file):
    # Grid takes no continuous range.
    ranges = "" if method == "grid" else "lr: {distribution: log_uniform_values, min: 1.0e-4, max: 1.0}\n"
    path = file(
        ranges + "n: {min: 1, max: 9}\nkind: {values: [a, null, true, 0]}\n"
        "q: {distribution: q_uniform, min: 0.0, max: 1.0, q: 0.25}\nc: {value: [1, 2]}"
    )
    sweep = make_sweep({**sweeps(path)[method].config, "run_cap": 8}, method)
    sampler, _ = make_search(sweep, "abcd1234", 3)
    trials = []
    for number in range(5):
        config = sampler.ask(trials)
        assert set(config) == set(sweep.config["parameters"]) and config["c"] == [1, 2]
        assert config["kind"] in ("a", None, True, 0) and isinstance(config["n"], int)
        row = {"loss": float(config["n"]), "_step": 0}
        trials.append(Trial(number, f"abcd1234-{number:04d}", config, TrialState.FINISHED, (row,)))


@pytest.mark.parametrize(
    ("parameters", "refusing", "named"),
    [
        ("x: {min: 0.0, max: 1.0}", {"grid"}, "parameters.x"),
        ("x: {distribution: normal, mu: 0.0, sigma: 1.0}", OPTUNA | {"grid"}, "parameters.x"),
        ("a: {parameters: {b: {values: [1, 2]}}}", OPTUNA, "parameters.a"),
        ("x: {values: [1, 2], probabilities: [0.2, 0.8]}", {"bayes", "grid"}, "parameters.x"),
        ("x: {value: 1}", {"bayes"}, "got constants only"),
    ],
)
def test_a_method_that_cannot_search_a_space_says_which_parameter_it_cannot_take(
    parameters, refusing, named, file, tmp_path
):
    found = unsuitable_methods(sweeps(file(parameters)), tmp_path, seed=0)
    assert set(found) == refusing
    assert all(named in reason for reason in found.values()), found


def test_a_path_names_the_way_to_search_of_any_sweep_file(file, tmp_path):
    theirs = file("x: {min: 0.0, max: 1.0}")
    rule = "early_terminate: {type: hyperband, min_iter: 5}\n"
    (tmp_path / "mine.yaml").write_text(yaml("y: {value: 1}", method="bayes", more=rule))
    (sweep,) = subject_of(read_sweep(theirs), theirs, ["mine.yaml"]).sweeps.values()
    assert sweep.name == "mine" and sweep.config["method"] == "bayes"
    assert sweep.config["early_terminate"]["min_iter"] == 5 and list(sweep.config["parameters"]) == ["x"]


def test_a_sweep_without_a_metric_and_an_unknown_method_are_refused(file, tmp_path):
    path = file("x: {min: 0.0, max: 1.0}")
    with pytest.raises(
        FashionWbError, match=r"unknown method 'magic': choose from bayes, .* or give the path"
    ):
        subject_of(read_sweep(path), path, ["magic"])
    path.write_text("method: random\nprogram: prog.py\nparameters: {x: {values: [1]}}\n")
    with pytest.raises(FashionWbError, match=r"sweep.yaml: a study compares by a metric; add metric"):
        subject_of(read_sweep(path), path, ["random"])
