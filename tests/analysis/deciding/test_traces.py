"""Traces of replayed searches: what each had after every trial, checked by hand and against the searches."""

from __future__ import annotations

import io

import numpy as np
import pytest
from replay_cases import make_table

from analysis.deciding.conditions import (
    BASELINES,
    METHODS,
    SAME_START,
    Condition,
    Repeats,
    of_epochs,
    of_many_at_once,
    of_seconds,
    of_trials,
)
from analysis.deciding.runs import RESAMPLED, read_file, replay_all
from analysis.deciding.traces import trace, traces
from fashion_wb.errors import FashionWbError
from fashion_wb.replay.table import Table, read_table, write_table
from fashion_wb.replay.training import ReplayedTraining
from fashion_wb.trial import Trial, TrialState


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A table of train.py's whole space, of 6 seeds."""
    filters, lr, epochs = tuple(range(2, 16)), np.geomspace(1e-4, 3e-3, 5), 10
    chance = np.random.default_rng(1)
    level = 0.3 + 0.4 / np.array(filters)[:, None] + 0.05 * np.log(lr / 1e-3) ** 2
    valid = level[..., None] + 0.3 / np.arange(1, epochs + 1) + 0.01 * chance.normal(size=(6, 14, 5, 1))
    curves = {"valid_loss": valid, "valid_accuracy": np.exp(-valid), "train_loss": valid * 0.9}
    table = Table(filters, lr, tuple(range(6)), curves, 0.1 * np.array(filters))
    target = tmp_path_factory.mktemp("table") / "table.npz"
    write_table(table, target)
    return target


def trial(number, config, losses, seconds=1.0):
    rows = tuple({"valid_loss": loss, "_runtime": seconds * (k + 1)} for k, loss in enumerate(losses))
    return Trial(number, str(number), config, TrialState.FINISHED, rows)


def test_a_trace_follows_the_choice_and_adds_up_what_was_spent():
    table = make_table()
    training = ReplayedTraining(table, 0)
    small, large = {"filters": 2, "lr": 1e-3}, {"filters": 6, "lr": 1e-3}
    found = trace(
        [
            trial(0, small, [0.6, 0.5]),
            trial(1, small, [0.55]),
            trial(2, large, [2.3, 2.3]),
            trial(3, large, [0.4]),
        ],
        table,
    )
    true = [training.true_loss(**config) for config in (small, small, small, large)]
    assert found["true"].tolist() == pytest.approx(true)
    assert found["observed"].tolist() == [0.5, 0.5, 0.5, 0.4]
    assert found["epochs"].tolist() == [2, 3, 5, 6] and found["seconds"].tolist() == [2, 3, 5, 6]
    assert found["dead"].tolist() == [0, 0, 1, 1] and found["repeats"].tolist() == [0, 1, 1, 2]
    assert found["accuracy"][3] == pytest.approx(training.all_losses(**large)["valid_accuracy"].mean())


@pytest.mark.parametrize("method", SAME_START)
def test_a_search_of_fewer_trials_is_the_beginning_of_one_of_more(method, path):
    (few,), (many,) = (traces(path, Condition(method, "trials", trials), 0, range(1)) for trials in (6, 9))
    for name, values in few.items():
        assert values.tolist() == many[name][: len(values)].tolist()


def test_replicates_and_tables_differ_and_the_same_one_is_the_same(path):
    random = Condition("random", "trials", 4)
    first, second = traces(path, random, 0, range(2))
    assert first["observed"].tolist() != second["observed"].tolist()
    (again,) = traces(path, random, 0, range(1, 2))
    assert again["observed"].tolist() == second["observed"].tolist()
    (other,) = traces(path, random, 1, range(1))
    assert other["observed"].tolist() != first["observed"].tolist()


def test_all_methods_of_a_replicate_see_the_same_training_of_the_same_configuration(path):
    (person,), (default,) = (
        traces(path, Condition(m, "trials", 3), 0, range(4, 5)) for m in ("person", "default")
    )
    assert person["epochs"].tolist() == [10, 20, 30] and default["epochs"].tolist() == [10]
    again = traces(path, Condition("person", "seconds", 99), 0, range(4, 5))[0]
    assert again["observed"].tolist() == person["observed"].tolist()


def test_one_epoch_for_many_spends_its_budget_and_chooses_among_those_trained_in_full(path):
    for amount, full in ((50, 1), (100, 1), (200, 2), (500, 5)):
        (found,) = traces(path, Condition("one epoch", "epochs", amount), 0, range(1))
        assert found["epochs"][-1] == amount and len(found["true"]) == amount - 10 * full + full


def test_a_budget_in_epochs_or_seconds_holds(path):
    (found,) = traces(path, Condition("hyperband", "epochs", 60), 0, range(1))
    assert 50 < found["epochs"][-1] <= 60 and len(found["true"]) > 6
    (found,) = traces(path, Condition("random", "seconds", 40.0), 0, range(1))
    assert 20 < found["seconds"][-1] <= 40


@pytest.mark.processes
def test_a_folder_keeps_what_was_replayed_and_refuses_another_table(path, tmp_path):
    one, repeats, folder = [Condition("person", "trials", 3)], Repeats(3, 1), tmp_path / "evidence"
    replay_all(one, repeats, path, folder, 1, io.StringIO())
    (made,) = folder.iterdir()
    before = made.stat().st_mtime_ns
    replay_all(one, repeats, path, folder, 1, io.StringIO())
    assert made.stat().st_mtime_ns == before
    assert len(read_file(made).trials) == 3 + RESAMPLED
    other = tmp_path / "other.npz"
    write_table(read_table(path).with_seeds([0, 1]), other)
    with pytest.raises(FashionWbError, match="was replayed from another table"):
        replay_all(one, repeats, other, folder, 1, io.StringIO())


def test_the_conditions_are_those_of_the_protocol_and_have_files_of_their_own():
    found = [*of_trials(), *of_epochs(), *of_seconds([31.5, 60]), *of_many_at_once()]
    assert len({one.name for one in found}) == len(found)
    assert {one.method for one in found} == {*METHODS, *BASELINES}
