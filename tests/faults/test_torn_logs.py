"""Run logs that end in the middle of a record, or are damaged, as a crash of the machine leaves them."""

from __future__ import annotations

import shutil
import time

import pytest
from death_cases import Storm, config
from sweep_cases import only_sweep

from fashion_wb.executors.protocol import Exited
from fashion_wb.offline.ongoing import OngoingSearch
from fashion_wb.offline.runner import SweepRunner
from fashion_wb.runlog.reader import read_run_log
from fashion_wb.runlog.record_file import FILE_HEADER, read_records
from fashion_wb.runlog.writing import WrittenRun, write_run
from fashion_wb.search.factory import make_search
from fashion_wb.sweep_folder.opening import open_sweep_dir
from fashion_wb.sweepfile.sweep import make_sweep
from fashion_wb.wandb_private import Record

CAP = 4


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A sweep that has ended, with logs of the real wandb."""
    storm = Storm(tmp_path_factory.mktemp("torn") / "whole", config("random", CAP), None)
    storm.finish()
    return storm


def records(path):
    """Return each record of a log: its first byte, the byte after it, its kind."""
    data, start, found = path.read_bytes(), len(FILE_HEADER), []
    for end, payload in read_records(data, start, path, 0):
        found.append((start, end, Record.FromString(payload).WhichOneof("record_type")))
        start = end
    return found


@pytest.mark.processes
@pytest.mark.fault(
    "Death",
    "run log cut at any byte of its last record",
    made="the log of a real run is cut there; what is gone is missing, or zeros, as file systems leave it",
    promised="it is read up to there",
)
def test_a_log_cut_in_its_last_record_is_read_up_to_there(whole, tmp_path, fault):
    log = only_sweep(whole.folder).find_log(only_sweep(whole.folder).run_id(0))
    data, rows = log.read_bytes(), read_run_log(log).history
    found = records(log)
    assert found[-1][2] == "exit" and found[-1][1] == len(data) and len(rows) == 3
    last_row = [record for record in found if record[2] == "history"][-1]
    torn, cuts = tmp_path / "torn.wandb", 0
    for (start, end, _), left in ((found[-1], 3), (last_row, 2)):
        for size in range(start, end):
            for zeros in (0, end - size, 4096 - size % 4096):
                if zeros and not any(data[size:end]):
                    continue  # only zeros are missing, so nothing is
                torn.write_bytes(data[:size] + bytes(zeros))
                read = read_run_log(torn)
                assert read.history == rows[:left] and read.exit_code is None
                cuts += 1
    fault.observed(f"{cuts} of {cuts} cuts, at every byte of the last record and of the last row")


@pytest.mark.processes
@pytest.mark.fault(
    "Death",
    "sweep whose run logs are cut",
    made="every log of a sweep that has ended is cut at a random byte",
    promised="the trials whose end is missing run again, once; their old logs are kept beside",
)
def test_a_sweep_with_cut_logs_goes_on(whole, tmp_path, fault):
    rounds = fault.times(1, 5)
    for number in range(rounds):
        storm = Storm(tmp_path / str(number), whole.sweep, fault.generator)
        for name in ("starts", "rows", "runs"):
            shutil.rmtree(storm.folder / name)
            shutil.copytree(whole.folder / name, storm.folder / name, symlinks=True)
        before = {}
        for log in storm.folder.glob("runs/sweep/wandb/offline-run-*/*.wandb"):
            data = log.read_bytes()
            log.write_bytes(data[: fault.generator.randrange(len(data))])
            before[log.parent.name] = read_run_log(log).history
        storm.hit = CAP
        storm.finish()
        assert set(storm.starts().values()) == {2}
        aside = storm.folder.glob("runs/sweep/wandb/interrupted/*/*.wandb")
        assert {log.parent.name: read_run_log(log).history for log in aside} == before
    fault.observed(f"{rounds} of {rounds} sweeps whole, with {rounds * CAP} logs cut")


class Elsewhere:
    """Takes what is started and signalled, and does nothing about it."""

    def __init__(self):
        self.signals = []

    def start(self, launch):
        pass

    def signal(self, key, number):
        self.signals.append(key)


@pytest.mark.fault(
    "Death",
    "damaged log of a running trial",
    made="a bit of its log flips; at the same moment early stopping names the trial",
    promised="the trial is stopped and has failed; the sweep goes on, also when it is resumed",
)
def test_a_trial_with_a_damaged_log_has_failed_even_if_early_stopping_names_it(tmp_path, fault):
    assert state_of_worst(tmp_path / "sound", damaged=False) == "stopped"
    assert state_of_worst(tmp_path / "damaged", damaged=True) == "failed"
    fault.observed("the trial with the damaged log failed; with a sound log it was stopped early")


def state_of_worst(root, damaged):
    """Run four trials of which early stopping names the last one; return how that one ended."""
    early = {"type": "hyperband", "min_iter": 1, "eta": 2, "strict": True}
    sweep = make_sweep({**config("random", CAP), "early_terminate": early, "command": ["true"]}, "sweep")
    folder = open_sweep_dir(root, sweep, seed=1)
    search = OngoingSearch(*make_search(sweep, folder.sweep_id, seed=1), CAP, CAP)
    runner, executor = SweepRunner(folder, search, cwd=root, patience=60), Elsewhere()
    for loss in (1.0, 2.0, 3.0, 4.0):
        runner.start_next(executor)
        trial = runner.trials[-1]
        rows = [{"loss": loss, "_step": 0, "_runtime": 0.1}]
        run = WrittenRun(trial.run_id, folder.sweep_id, "", trial.config, rows, 0, time.time())
        log = write_run(run, folder.root)
        data, (start, end, kind) = log.read_bytes(), records(log)[-2]
        assert kind == "summary"
        log.write_bytes(data[:end])
    if damaged:
        log.write_bytes(data[: start + 9] + bytes([data[start + 9] ^ 1]) + data[start + 10 : end])
    runner.watch(executor, set(runner.running))
    assert executor.signals == [trial.run_id]
    state = runner.record_exit(Exited(trial.run_id, -15)).state
    # Whoever reads the folder later finds the same, and what could be read.
    last = folder.read_trials()[-1]
    assert last.state is state and len(last.history) == 1
    assert ("damaged at byte" in last.reason) == damaged
    return str(state)
