"""train.py as a script: flags, what it logs, and how it exits."""

from __future__ import annotations

import importlib.util
import json
import random
import re
import signal
import subprocess
import sys
import time
from importlib.metadata import version

import pytest
import torch
from sweep_cases import ROOT, environment
from warm_cli import Command, run_command

from fashion_wb.cnn.checkpoint import FILE
from fashion_wb.cnn.config import NAMES
from fashion_wb.runlog.reader import read_run_log

pytestmark = pytest.mark.processes

TRAIN = ROOT / "train.py"
SMALL = ["--filters", "3", "--lr", "2e-3"]


def program():
    spec = importlib.util.spec_from_file_location("train_program", ROOT / "train.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def train_environment(mode="offline", **env):
    return environment(WANDB_MODE=mode, FASHION_WB_LIMIT="500", **env)


def train(folder, *flags, **env):
    return run_command([*flags], folder, train_environment(**env), timeout=120, script=TRAIN)


def log_of(folder):
    (path,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    return read_run_log(path)


def run_record(folder):
    """Return the record of the only run in a folder, as W&B's own inspector shows it."""
    (log,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(log)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    (record,) = (item["run"] for item in map(json.loads, lines) if item["type"] == "run")
    return record


@pytest.mark.long
@pytest.mark.parametrize(
    ("env", "group", "job_type", "tags"),
    [
        ({}, None, "train", ["fashion-mnist"]),
        ({"WANDB_SWEEP_ID": "abcd1234"}, "abcd1234", "sweep", ["fashion-mnist"]),
        (
            {"WANDB_SWEEP_ID": "s", "WANDB_RUN_GROUP": "g", "WANDB_JOB_TYPE": "j", "WANDB_TAGS": "a,b"},
            *("g", "j", ["a", "b", "fashion-mnist"]),
        ),
    ],
)
def test_a_run_records_group_job_type_tags_and_the_version_of_the_code(
    tmp_path, data_dir, env, group, job_type, tags
):
    done = train(tmp_path, *SMALL, "--epochs", "1", **env)
    assert done.returncode == 0, done.stderr
    record = run_record(tmp_path)
    assert (record.get("run_group"), record["job_type"], record["tags"]) == (group, job_type, tags)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    # Without a git checkout there is no commit; the list of packages still has the version.
    assert record.get("git", {}).get("commit", "") == head
    (packages,) = tmp_path.glob("wandb/offline-run-*/files/requirements.txt")
    assert f"fashion-wb=={version('fashion-wb')}" in packages.read_text().lower().replace("_", "-")


def test_a_run_logs_every_epoch_and_its_summary_has_the_best(tmp_path, data_dir):
    done = train(tmp_path, *SMALL, "--epochs", "3", "--seed", "5")
    assert done.returncode == 0, done.stderr
    log = log_of(tmp_path)
    assert log.exit_code == 0
    assert {name: log.config[name] for name in NAMES} == {
        **{"filters": 3, "units1": 128, "units2": 64, "lr": 2e-3, "epochs": 3, "batch_size": 64, "seed": 5}
    }
    assert log.config["images_limit"] == 500
    assert [row["epoch"] for row in log.history] == [1, 2, 3]
    keys = {"epoch", "train_loss", "valid_loss", "valid_accuracy", "seconds", "samples_per_second"}
    assert all(keys <= set(row) for row in log.history)
    best = min(log.history, key=lambda row: row["valid_loss"])
    assert {key: log.summary[key] for key in keys} == {key: best[key] for key in keys}


@pytest.mark.long
def test_the_summary_has_the_best_epoch_even_if_later_ones_are_worse(tmp_path, data_dir):
    # At this learning rate the loss of such a small network goes up and down.
    done = train(tmp_path, "--filters", "4", "--lr", "0.05", "--epochs", "6")
    assert done.returncode == 0, done.stderr
    log = log_of(tmp_path)
    losses = [row["valid_loss"] for row in log.history]
    assert losses[-1] > min(losses), "this run does not show the difference"
    assert log.summary["valid_loss"] == min(losses)
    assert log.summary["epoch"] == losses.index(min(losses)) + 1


@pytest.mark.long
def test_the_curve_does_not_depend_on_the_number_of_cores(tmp_path, data_dir, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    curves = []
    for name, env in (("default", {}), ("one", {"OMP_NUM_THREADS": "1"})):
        (tmp_path / name).mkdir()
        # Processes of their own from the start: how many threads there are is decided at import.
        command = [sys.executable, TRAIN, "--filters", "15", "--epochs", "1"]
        subprocess.run(command, cwd=tmp_path / name, env=train_environment(**env), check=True, timeout=120)
        curves.append([(row["train_loss"], row["valid_loss"]) for row in log_of(tmp_path / name).history])
    assert curves[0] == curves[1]


def test_the_test_images_are_evaluated_only_with_the_test_flag(tmp_path, data_dir):
    for name, flags in (("plain", []), ("test", ["--test"])):
        (tmp_path / name).mkdir()
        done = train(tmp_path / name, *SMALL, "--epochs", "2", *flags)
        assert done.returncode == 0, done.stderr
    plain, tested = log_of(tmp_path / "plain"), log_of(tmp_path / "test")
    measured = {"test_loss", "test_accuracy"}
    assert set(tested.summary) - set(plain.summary) == measured
    assert not measured & {key for row in (*plain.history, *tested.history) for key in row}
    assert 0 <= tested.summary["test_accuracy"] <= 1
    assert [row["valid_loss"] for row in tested.history] == [row["valid_loss"] for row in plain.history]


def test_a_sweep_trial_cannot_use_the_test_images(tmp_path, data_dir):
    done = train(tmp_path, *SMALL, "--epochs", "1", "--test", WANDB_SWEEP_ID="abcd1234")
    assert done.returncode == 2 and "--test: not allowed in a sweep" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_with_wandb_disabled_it_trains_and_writes_no_files(tmp_path, data_dir):
    done = train(tmp_path, *SMALL, "--epochs", "1", mode="disabled")
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--filterz", "3"], "unrecognized arguments: --filterz 3"),
        (["--filter", "3"], "unrecognized arguments: --filter 3"),
        (["--filters", "0"], "filters must lie in [1, 512], got 0"),
        (["--filters", "12.25"], "filters must be an integer, got 12.25"),
        (["--lr", "fast"], "argument --lr: invalid float value: 'fast'"),
        (["--lr", "nan"], "lr must be a number, got nan"),
        (["--epochs", "-1"], "epochs must lie in"),
    ],
)
def test_a_bad_flag_is_an_error_before_training(flags, message, capsys):
    with pytest.raises(SystemExit) as exited:
        program().parse_flags(flags)
    assert exited.value.code == 2
    assert message in capsys.readouterr().err


def test_a_bad_flag_exits_without_a_run(tmp_path):
    done = train(tmp_path, "--filters", "0")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_flags_are_the_hyperparameters_and_test(capsys):
    with pytest.raises(SystemExit):
        program().parse_flags(["--help"])
    assert re.findall(r"^  --(\w+)", capsys.readouterr().out, re.MULTILINE) == [*NAMES, "test"]


def test_an_error_gives_a_failed_run_with_its_reason_and_no_traceback(tmp_path):
    done = train(tmp_path, "--epochs", "1", FASHION_WB_DATA=str(tmp_path / "nowhere"))
    assert done.returncode == 1
    assert "train.py: " in done.stderr and "Traceback" not in done.stderr
    log = log_of(tmp_path)
    assert log.exit_code == 1 and "nowhere" in log.summary["failure"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_run_cleanly_with_everything_it_logged(tmp_path, data_dir, number):
    flush = {"WANDB__TRANSACTION_LOG_FLUSH_INTERVAL": "0.05"}
    arguments = [*SMALL, "--epochs", "10000"]
    process = Command(arguments, tmp_path, train_environment(**flush), script=TRAIN)
    deadline = time.monotonic() + 60
    while not (list(tmp_path.glob("wandb/offline-run-*/run-*.wandb")) and len(log_of(tmp_path).history) >= 3):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    # Dies by the signal, so that a shell or an agent sees that it worked.
    assert process.wait(timeout=30) == -number
    log = log_of(tmp_path)
    assert log.exit_code == 255
    assert [row["epoch"] for row in log.history] == list(range(1, len(log.history) + 1))
    assert log.summary["valid_loss"] == min(row["valid_loss"] for row in log.history)


def values_logged(path):
    """Return the rows of a run's log without their times."""
    times = ("seconds", "samples_per_second", "_runtime", "_timestamp")
    return [{k: v for k, v in row.items() if k not in times} for row in read_run_log(path).history]


@pytest.mark.long
def test_a_run_killed_at_random_moments_equals_the_undisturbed_one_to_the_bit(tmp_path):
    """Three kills, each up to an epoch after a checkpoint: at the boundary of epochs and in their middle."""
    flags = ["--filters", "6", "--epochs", "5", "--lr", "2e-3", "--test"]
    folders = {name: tmp_path / name for name in ("undisturbed", "killed")}
    for folder in folders.values():
        (folder / "resume").mkdir(parents=True)

    def started(name):
        env = train_environment(FASHION_WB_RESUME_DIR=str(folders[name] / "resume"), WANDB_RUN_ID="one")
        return Command(flags, folders[name], {**env, "FASHION_WB_LIMIT": "8000"}, script=TRAIN)

    def epoch(name):
        path = folders[name] / "resume" / FILE
        return torch.load(path, weights_only=True)["training"]["epoch"] if path.exists() else 0

    straight = started("undisturbed")
    assert straight.communicate(timeout=120) and straight.returncode == 0
    seconds = [row["seconds"] for row in log_of(folders["undisturbed"]).history]
    moments = random.Random(5)
    for _ in range(3):
        before, process = epoch("killed"), started("killed")
        while epoch("killed") == before and process.poll() is None:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, min(seconds)))
        process.kill()
        process.communicate()
    last = started("killed")
    assert last.communicate(timeout=120) and last.returncode == 0
    *_, log = sorted(folders["killed"].glob("wandb/offline-run-*/run-*.wandb"))
    (expected,) = folders["undisturbed"].glob("wandb/offline-run-*/run-*.wandb")
    assert values_logged(log) == values_logged(expected) and len(values_logged(log)) == 5
    summaries = [read_run_log(path).summary for path in (log, expected)]
    assert summaries[0]["test_accuracy"] == summaries[1]["test_accuracy"]
    weights = [
        torch.load(folder / "resume" / FILE, weights_only=True)["training"]["model"]
        for folder in folders.values()
    ]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_a_damaged_checkpoint_is_named_and_the_run_starts_anew(tmp_path):
    (tmp_path / FILE).write_bytes(b"not a checkpoint")
    done = train(tmp_path, *SMALL, "--epochs", "1", FASHION_WB_RESUME_DIR=str(tmp_path))
    assert done.returncode == 0 and f"{FILE}: cannot be read" in done.stderr
    assert (
        len(log_of(tmp_path).history) == 1
        and len(torch.load(tmp_path / FILE, weights_only=True)["rows"]) == 1
    )
