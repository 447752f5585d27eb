"""Optuna's storages: what real Optuna reads back is what the sweep did."""

from __future__ import annotations

import math
import sqlite3
from dataclasses import replace
from datetime import datetime
from io import StringIO

import optuna
import pytest
from export_cases import SCORE, STARTED, config, four_states, rows, sweep
from optuna.storages import JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState as OptunaState

from analysis.export import optuna_files
from analysis.export.optuna_files import study_names, write_optuna
from analysis.export.optuna_trials import study_contents
from analysis.export.sqlite_rows import add_rows
from fashion_wb.errors import FashionWbError
from fashion_wb.trial import Trial, TrialState


def write(path, *sweeps):
    return write_optuna(sweeps, path, StringIO())


def storage(path):
    if path.suffix == ".log":
        return JournalStorage(JournalFileBackend(str(path)))
    return RDBStorage(f"sqlite:///{path}")


def load(path, name="random-r0"):
    return optuna.load_study(study_name=name, storage=storage(path))


@pytest.fixture(params=["study.db", "study.log"])
def path(request, tmp_path):
    return tmp_path / request.param


def test_a_trial_in_each_state(path):
    assert write(path, four_states()) == []
    study = load(path)
    assert study.direction.name == "MAXIMIZE" and study.metric_names == ["score"]
    assert [trial.state for trial in study.trials] == [
        *(OptunaState.COMPLETE, OptunaState.PRUNED, OptunaState.FAIL, OptunaState.RUNNING)
    ]
    assert [trial.value for trial in study.trials] == [0.75, 0.25, None, None]
    assert study.best_value == 0.75 and study.best_trial.user_attrs["run"] == "r0"
    assert study.trials[0].intermediate_values == {0: 0.5, 1: 0.75, 2: 0.625}
    assert study.trials[1].user_attrs["reason"] == "early stopping"
    assert study.trials[2].user_attrs["reason"] == "exit code 1"
    assert study.trials[2].user_attrs["times"] == "not logged"


def test_parameters_constants_and_times(path):
    write(path, four_states())
    trial = load(path).trials[1]
    assert trial.params == {"filters": 15, "lr": 3e-3, "dropout": 3 * 0.1, "optimizer.name": "adam"}
    assert trial.distributions["lr"].log and trial.distributions["dropout"].step == 0.1
    assert {k: trial.user_attrs[k] for k in ("epochs", "optimizer.momentum", "state", "sweep")} == {
        **{"epochs": 10, "optimizer.momentum": 0.9},
        **{"state": "stopped", "sweep": "idrandom-r0"},
    }
    start = trial.datetime_start.timestamp()
    assert (start, trial.datetime_complete.timestamp()) == (STARTED, STARTED + 4)


def test_the_rows_in_sqlite_are_those_that_optuna_writes(tmp_path):
    """The oracle: Study.add_trials, with values that are not finite and times before 1970."""
    odd = Trial(4, "r4", config(), TrialState.STOPPED, rows(math.nan, math.inf, 0.5, begin=-90.5))
    trials = study_contents(replace(four_states(), trials=(*four_states().trials, odd)), SCORE).trials
    tables = []
    for name in ("own", "optuna"):
        kept = RDBStorage(f"sqlite:///{tmp_path / name}")
        for study_name in ("first", "second"):
            study = optuna.create_study(storage=kept, study_name=study_name, direction="maximize")
            if name == "own":
                add_rows(kept, study_name, trials[:2])
                add_rows(kept, study_name, trials[2:])
            else:
                study.add_trials(trials)
        kept.remove_session()
        kept.engine.dispose()
        with sqlite3.connect(tmp_path / name) as database:
            found = [
                row[0] for row in database.execute("select name from sqlite_master where type = 'table'")
            ]
            # Optuna writes a trial's user attributes in no certain order of their ids.
            tables.append(
                {t: sorted(map(_without_key, database.execute(f"select * from {t}"))) for t in found}
            )
        database.close()
    own, oracle = tables
    assert len(own["trials"]) == 10 and own == oracle


def _without_key(row):
    return repr(row[1:])


def test_optunas_importance_and_plots_take_it(path):
    many = [
        Trial(
            k,
            f"r{k}",
            config(filters=2 + k % 14, lr=1e-4 * (k + 1)),
            TrialState.FINISHED,
            rows(k / 30, k / 20),
        )
        for k in range(20)
    ]
    write(path, sweep(*many))
    study = load(path)
    assert set(optuna.importance.get_param_importances(study)) >= {"filters", "lr"}
    from optuna.visualization._intermediate_values import _get_intermediate_plot_info
    from optuna.visualization._optimization_history import _get_optimization_history_info_list
    from optuna.visualization._timeline import _get_timeline_info

    (history,) = _get_optimization_history_info_list(study, None, "score", False)
    assert history.best_values_info.values[-1] == study.best_value == 19 / 20
    assert len(_get_intermediate_plot_info(study).trial_infos) == 20
    assert {bar.state for bar in _get_timeline_info(study).bars} == {OptunaState.COMPLETE}
    assert len(study.trials_dataframe()) == 20


def test_optuna_goes_on_from_it(path):
    write(path, four_states())
    study = load(path)
    trial = study.ask(study.trials[0].distributions)
    study.tell(trial, 0.9)
    assert trial.number == 4 and study.best_value == 0.9


def test_a_sweep_without_a_metric_is_left_out_with_a_message(path):
    plain = sweep(*four_states().trials, name="plain", metric=None)
    (note,) = write(path, four_states(), plain)
    assert note.startswith("Left out of") and "plain (idplain) has no metric" in note
    assert optuna.get_all_study_names(storage(path)) == ["random-r0"]
    with pytest.raises(FashionWbError, match="no sweep here has a metric"):
        write(path.with_name("other.db"), plain)
    assert not path.with_name("other.db").exists()


def test_a_value_outside_the_sweep_file_is_kept_and_told(path):
    other = Trial(4, "r4", config(filters=99, extra=[1]), TrialState.FINISHED, rows(0.5))
    (note,) = write(path, sweep(other))
    assert (
        note == "random-r0: filters: the sweep file does not have 99; in Optuna it is an integer from 2 to 99"
    )
    (trial,) = load(path).trials
    assert trial.params["filters"] == 99 and trial.user_attrs["extra"] == [1]


def test_without_a_known_space_parameters_are_what_occurs(path):
    found = [Trial(k, f"r{k}", {"x": k / 2, "depth": 3}, TrialState.FINISHED, rows(k)) for k in (0, 1)]
    block = {"engine": "optuna", "source": "space.py", "search_space": "space"}
    (note,) = write(path, sweep(*found, scheduler=block))
    assert "does not say what the parameters are" in note
    study = load(path)
    assert study.trials[1].params == {"x": 0.5} and study.trials[1].user_attrs["depth"] == 3


def test_names_are_those_of_the_sweeps_and_differ():
    one, two = sweep(name="bayes-r0"), replace(sweep(name="bayes-r0"), sweep="other")
    assert study_names([one, sweep(name="x")]) == ["bayes-r0", "x"]
    assert study_names([one, two]) == ["bayes-r0 (idbayes-r0)", "bayes-r0 (other)"]


def test_an_existing_file_is_refused_and_kept(path):
    path.write_text("mine")
    with pytest.raises(FashionWbError, match=r"never overwrites: give another name, or delete it first"):
        write(path, four_states())
    assert path.read_text() == "mine"


def test_nothing_half_written_stays(path, monkeypatch):
    def broken(*_):
        raise RuntimeError("disk full")

    monkeypatch.setattr(optuna_files, "study_contents", broken)
    with pytest.raises(RuntimeError):
        write(path, four_states())
    assert list(path.parent.iterdir()) == []


def test_a_name_that_an_address_could_not_have_works(tmp_path):
    path = tmp_path / "a b?c#d%20.db"
    write(path, four_states())
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
    with sqlite3.connect(path) as database:
        assert database.execute("select count(*) from trials").fetchone() == (4,)
    database.close()


def test_times_are_local_as_optuna_writes_them(path):
    write(path, four_states())
    assert load(path).trials[0].datetime_start == datetime.fromtimestamp(STARTED)
