"""Broken input of every kind ends with a message: a corpus of it, one row for each input."""

from __future__ import annotations

import contextlib

import pytest
from bad_command_cases import command_cases
from bad_file_cases import data_cases, folder_cases, initial_cases, log_cases
from bad_input_cases import PROMISED_SECONDS, place, run_inside
from bad_sweep_cases import sweep_cases

PROMISED = "a non-zero exit code and one message that names file, key and rule; nothing is written or started"
SLOW = ("lscpu", "fc-list")  # libraries ask the system about itself when they are first imported


def check(cases, folder, fault, what):
    """Run the cases, and say which did not end as promised."""
    wrong, seconds, count = {}, [], 0
    for count, case in enumerate(cases, 1):
        work, home = folder / f"{count}" / "work", folder / f"{count}" / "home"
        work.mkdir(parents=True)
        home.mkdir()
        place(case, work)
        ended = run_inside(case.command, work, case.env, home)
        seconds.append((ended.seconds, case.name))
        found = [text for text in ended.problems(case) if not any(name in text for name in SLOW)]
        if found:
            wrong[case.name] = found, ended.message[-300:]
    assert wrong == {}
    late = sum(taken > PROMISED_SECONDS for taken, _ in seconds)
    slowest = sorted(taken for taken, _ in seconds)[-1 if not late else -1 - late]
    fault.observed(
        f"{count} of {count} {what} as promised; {late} took over 2 s, the others at most {slowest:.1f} s"
    )
    return count


@pytest.fixture(scope="module", autouse=True)
def imported():
    """What every command imports on demand is imported before the clock runs."""
    import distributed  # noqa: F401
    import optuna  # noqa: F401

    import fashion_wb.agent.start
    import fashion_wb.push.push
    import fashion_wb.search.studies
    import fashion_wb.wandb_private

    with contextlib.suppress(ImportError):
        import fashion_wb.executors.dask_cluster.worker  # noqa: F401


@pytest.mark.processes
@pytest.mark.fault("Bad input", "sweep files", made="a corpus of broken YAML files", promised=PROMISED)
def test_a_broken_sweep_file_ends_with_a_message(tmp_path, fault):
    assert check(sweep_cases(), tmp_path, fault, "broken sweep files ended") > 150


@pytest.mark.processes
@pytest.mark.fault("Bad input", "command lines", made="a corpus of wrong command lines", promised=PROMISED)
def test_a_wrong_command_line_ends_with_a_message(tmp_path, fault):
    assert check(command_cases(), tmp_path, fault, "wrong command lines ended") > 130


@pytest.mark.processes
@pytest.mark.fault(
    "Bad input", "files of sweeps and studies", made="each file of ours damaged", promised=PROMISED
)
def test_a_damaged_folder_ends_with_a_message(tmp_path, fault):
    assert check(folder_cases(), tmp_path, fault, "damaged files of folders ended") > 90


@pytest.mark.processes
@pytest.mark.fault("Bad input", "run logs", made="text, other formats, flipped bits", promised=PROMISED)
def test_a_damaged_run_log_ends_with_a_message(tmp_path, fault):
    check(log_cases(), tmp_path, fault, "damaged run logs ended")


@pytest.mark.processes
@pytest.mark.fault("Bad input", "initial configurations", made="broken YAML and CSV files", promised=PROMISED)
def test_a_broken_initial_file_ends_with_a_message(tmp_path, fault):
    check(initial_cases(), tmp_path, fault, "broken initial files ended")


@pytest.mark.processes
@pytest.mark.fault("Bad input", "Fashion-MNIST's files", made="cut, empty and wrong files", promised=PROMISED)
def test_a_broken_data_file_ends_with_a_message(tmp_path, fault):
    check(data_cases(), tmp_path, fault, "broken data folders ended")
