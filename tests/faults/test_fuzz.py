"""Random changes to sweep files, run logs and our own files: an answer or a FashionWbError, nothing else."""

from __future__ import annotations

import json

import pytest
import yaml
from bad_file_cases import make_folder
from bad_sweep_cases import PROGRAM
from fuzz_cases import changed_bytes, changed_text, changed_tree, fuzz
from sweep_cases import ROOT

from fashion_wb.errors import FashionWbError
from fashion_wb.offline.ask_tell import ask
from fashion_wb.offline.reruns import read_reruns
from fashion_wb.runlog.reader import RunLog, RunLogError, read_run_log
from fashion_wb.runlog.record_file import FILE_HEADER, read_records, write_records
from fashion_wb.search.factory import make_search
from fashion_wb.search.space import make_space
from fashion_wb.study.conditions import read_conditions
from fashion_wb.sweep_folder.attempts import read_attempts
from fashion_wb.sweep_folder.opening import find_sweep_dirs
from fashion_wb.sweep_folder.start import read_redrawn, read_start
from fashion_wb.sweepfile.sweep import read_sweep

SWEEPS = sorted((ROOT / "sweeps").glob("*.yaml"))


@pytest.mark.processes
@pytest.mark.filterwarnings("ignore")
@pytest.mark.fault(
    "Bad input",
    "fuzzed sweep files",
    made="random changes to the files in sweeps/, as text and as trees",
    promised="a first suggestion, or a message",
)
def test_a_changed_sweep_file_is_refused_or_searched(tmp_path, fault, monkeypatch):
    monkeypatch.chdir(ROOT)
    ends = {"refused": 0, "searched": 0}

    def check(chance):
        text = chance.choice(SWEEPS).read_text()
        if chance.random() < 0.7:
            tree = changed_tree(yaml.safe_load(text), chance)
            if chance.random() < 0.5 and isinstance(tree, dict) and tree:
                tree = changed_tree(tree, chance)
            text = yaml.safe_dump(tree)
        else:
            text = changed_text(text, chance)
        path = tmp_path / "fuzzed.yaml"
        path.write_bytes(text.encode(errors="surrogatepass"))
        try:
            sweep = read_sweep(path)
            make_space(sweep.config)
            sampler, _ = make_search(sweep, "fuzz", 0)
            sampler.ask([])
            ends["searched"] += 1
        except FashionWbError as error:
            assert str(error)
            ends["refused"] += 1

    for path in SWEEPS:  # what a search imports on demand is imported before the clock runs
        make_search(read_sweep(path), "warm", 0)[0].ask([])
    count = fuzz(fault, 60, 1500, check)
    fault.observed(f"{count:,} files: {ends['refused']:,} refused, {ends['searched']:,} searched")


@pytest.mark.fault(
    "Bad input",
    "fuzzed run logs",
    made="random bytes of a log, and of records with right checksums, changed",
    promised="read up to the damage, or a message",
)
def test_a_changed_run_log_is_read_or_refused(tmp_path, fault):
    sweep = make_folder(tmp_path)
    good = sweep.find_log(sweep.run_id(0)).read_bytes()
    records = [payload for _, payload in read_records(good, len(FILE_HEADER), tmp_path, 0)]
    path, refused = tmp_path / "run.wandb", 0

    def check(chance):
        nonlocal refused
        if chance.random() < 0.5:
            path.write_bytes(changed_bytes(good, chance))
        else:
            wrong = list(records)
            at = chance.randrange(len(wrong))
            wrong[at] = changed_bytes(wrong[at] or b"\x00", chance)
            write_records(wrong, path)
        try:
            log = read_run_log(path)
            assert isinstance(log, RunLog) and isinstance(log.summary, dict)
            sweep.sweep.metric.best(log.history)
        except RunLogError:
            refused += 1

    count = fuzz(fault, 200, 5000, check)
    fault.observed(f"{count:,} logs: {refused:,} refused, the others read")


@pytest.mark.processes
@pytest.mark.filterwarnings("ignore")
@pytest.mark.fault(
    "Bad input",
    "fuzzed files of sweeps",
    made="random changes to each JSON and YAML file of a sweep's folder",
    promised="read, or a message",
)
def test_a_changed_file_of_a_folder_is_read_or_refused(tmp_path, fault, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(PROGRAM)
    sweep = make_folder(tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.suffix in (".json", ".yaml")]
    refused = 0

    def check(chance):
        nonlocal refused
        path = chance.choice(files)
        before = path.read_bytes()
        try:
            if chance.random() < 0.6:
                tree = changed_tree(yaml.safe_load(before), chance)
                path.write_text(json.dumps(tree))
            else:
                path.write_bytes(changed_bytes(before, chance))
            for found in find_sweep_dirs(tmp_path / "runs"):
                found.read_trials()
                read_start(found)
                read_redrawn(found)
                read_attempts(found, sweep.run_id(3))
                read_reruns(found, "retrain")
            read_conditions(tmp_path / "runs")
            ask(sweep.root, tmp_path)
        except (FashionWbError, OSError):  # the command line prints both as a message
            refused += 1
        finally:
            path.write_bytes(before)
            for new in set(tmp_path.rglob("*-0004.*")):
                new.unlink()

    count = fuzz(fault, 100, 1000, check)
    fault.observed(f"{count:,} changes: {refused:,} refused, the others read")
