"""Trainings answered from a table: on its grid they are its own, between learning rates the rule holds."""

from __future__ import annotations

import numpy as np
import pytest
from replay_cases import CHANCE, make_table

from fashion_wb.errors import FashionWbError
from fashion_wb.replay.table import CURVES, read_table, write_table
from fashion_wb.replay.training import ReplayedTraining

TABLE = make_table()


def curve(rows, name="valid_loss"):
    return [row[name] for row in rows]


def test_on_the_grid_a_training_is_one_of_the_tables():
    for f, filters in enumerate(TABLE.filters):
        for at, lr in enumerate(TABLE.lr):
            rows = ReplayedTraining(TABLE, 1).rows({"filters": filters, "lr": lr, "units1": 128, "seed": 9})
            same = [np.allclose(one[f, at], curve(rows), atol=1e-12) for one in TABLE.curves["valid_loss"]]
            assert sum(same) == 1
            drawn = same.index(True)
            for name in CURVES:
                assert curve(rows, name) == pytest.approx(TABLE.curves[name][drawn, f, at], abs=1e-12)


def test_rows_have_the_clock_of_their_filter_count():
    rows = ReplayedTraining(TABLE, 1).rows({"filters": 3, "lr": 1e-3, "epochs": 2})
    assert [(row["epoch"], row["_step"]) for row in rows] == [(1, 0), (2, 1)]
    assert [row["_runtime"] for row in rows] == pytest.approx([TABLE.seconds[1], 2 * TABLE.seconds[1]])


def test_a_configuration_always_gives_the_same_and_another_replicate_another():
    def losses(seed):
        training = ReplayedTraining(TABLE, seed)
        return [training.loss(filters, lr) for filters in TABLE.filters for lr in TABLE.lr]

    assert losses(0) == losses(0)
    # Of 7 seeds and 15 cells: the same draw for all of them has the probability 7 ** -15.
    assert losses(0) != losses(1)


def test_every_training_is_drawn_equally_often():
    """False failures: 1e-4, by the distribution of chi-squared with 6 degrees of freedom."""
    losses = TABLE.curves["valid_loss"][:, 2, 3].min(axis=-1)
    drawn = [ReplayedTraining(TABLE, seed).loss(TABLE.filters[2], TABLE.lr[3]) for seed in range(700)]
    counts = np.isclose(np.array(drawn)[:, None], losses).sum(axis=0)
    assert counts.sum() == 700 and ((counts - 100) ** 2 / 100).sum() < 27.9


def test_between_learning_rates_the_mean_is_linear_in_the_logarithm():
    table = make_table(noise=0.0)
    for weight in (0.1, 0.5, 0.9):
        lr = table.lr[1] ** (1 - weight) * table.lr[2] ** weight
        rows = ReplayedTraining(table, 0).rows({"filters": 4, "lr": lr})
        low, high = table.curves["valid_loss"][0, 2, 1], table.curves["valid_loss"][0, 2, 2]
        assert curve(rows) == pytest.approx((1 - weight) * low + weight * high)


def test_between_learning_rates_the_noise_is_that_of_the_nearer_one():
    lr = TABLE.lr[1] ** 0.7 * TABLE.lr[2] ** 0.3
    found = np.array(curve(ReplayedTraining(TABLE, 5).rows({"filters": 4, "lr": lr})))
    means = TABLE.means["valid_loss"][2]
    deviation = found - (0.7 * means[1] + 0.3 * means[2])
    own = TABLE.curves["valid_loss"][:, 2, 1] - means[1]
    assert np.isclose(own, deviation).all(axis=-1).sum() == 1


def test_the_true_loss_is_the_mean_over_all_seeds_with_the_dead_ones():
    table = make_table(dead=[(2, 0, 1)])
    assert table.dead.sum() == 1
    training = ReplayedTraining(table, 0)
    lowest = table.curves["valid_loss"].min(axis=-1)
    assert training.true_loss(2, table.lr[1]) == pytest.approx(lowest[:, 0, 1].mean())
    assert lowest[2, 0, 1] == pytest.approx(CHANCE)
    # A dead training does not enter the mean curve, and is itself used as it is.
    alive = np.delete(table.curves["valid_loss"][:, 0, 1], 2, axis=0)
    assert table.means["valid_loss"][0, 1] == pytest.approx(alive.mean(axis=0))
    lr = table.lr[1] ** 0.9 * table.lr[2] ** 0.1
    losses = {round(ReplayedTraining(table, seed).loss(2, lr), 6) for seed in range(60)}
    assert round(CHANCE, 6) in losses and len(losses) == len(table.seeds)


def test_all_losses_are_those_of_every_seed_at_its_best_epoch():
    found = ReplayedTraining(TABLE, 0).all_losses(3, TABLE.lr[2])
    losses, accuracies = TABLE.curves["valid_loss"][:, 1, 2], TABLE.curves["valid_accuracy"][:, 1, 2]
    assert found["valid_loss"] == pytest.approx(losses.min(axis=-1))
    best = losses.argmin(axis=-1)
    assert found["valid_accuracy"] == pytest.approx(accuracies[np.arange(len(best)), best])


def test_bounds_that_differ_in_the_last_digit_are_in_the_table():
    training = ReplayedTraining(TABLE, 0)
    assert np.isfinite(
        training.loss(2, TABLE.lr[0] * (1 - 1e-12)) + training.loss(2, TABLE.lr[-1] * (1 + 1e-12))
    )


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"filters": 2}, "lr: missing; the table answers configurations of filters and lr"),
        ({"filters": 2, "lr": float("nan")}, "lr: the table has 0.0001 to 0.003; got nan"),
        ({"filters": 99, "lr": 1e-3}, "filters: the table has 2 to 6; got 99"),
        ({"filters": 2, "lr": 0.5}, "lr: the table has 0.0001 to 0.003; got 0.5"),
        ({"filters": 2, "lr": 1e-3, "units1": 32}, "units1: the table's trainings have 128; got 32"),
        (
            {"filters": 2, "lr": 1e-3, "momentum": 0.9},
            "momentum: the table knows no such parameter; it answers",
        ),
        ({"filters": 2, "lr": 1e-3, "epochs": 11}, "epochs: the table has 1 to 4; got 11"),
    ],
)
def test_what_the_table_does_not_have_is_refused(config, message):
    with pytest.raises(FashionWbError, match=message):
        ReplayedTraining(TABLE, 0).rows(config)


def test_a_table_is_read_as_it_was_written(tmp_path):
    write_table(TABLE, tmp_path / "table.npz")
    read = read_table(tmp_path / "table.npz")
    assert read.filters == TABLE.filters and read.seeds == TABLE.seeds and read.epochs == 4
    for name in CURVES:
        assert read.curves[name] == pytest.approx(TABLE.curves[name], rel=1e-6)
    (tmp_path / "other.npz").write_text("no table")
    whole = (tmp_path / "table.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    for name in ("other.npz", "absent.npz", "cut.npz"):
        with pytest.raises(FashionWbError, match=f"{name}: not a table of trainings"):
            read_table(tmp_path / name)


def test_a_part_of_a_table_is_a_table():
    part = TABLE.with_seeds([1, 1, 3]).with_lr([0, 2])
    assert part.seeds == (TABLE.seeds[1], TABLE.seeds[1], TABLE.seeds[3])
    assert part.curves["train_loss"][1, 2, 1] == pytest.approx(TABLE.curves["train_loss"][1, 2, 2])
    assert ReplayedTraining(part, 0).true_loss(3, part.lr[1]) > 0
