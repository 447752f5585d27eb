"""A study on a cluster: the suggestions and curves of one machine, for searches of every kind."""

from __future__ import annotations

import pytest
from cluster_cases import start_worker
from sweep_cases import run

from fashion_wb.sweep_folder.opening import find_sweep_dirs

pytestmark = [pytest.mark.processes, pytest.mark.long, pytest.mark.usefixtures("data_dir")]

METHODS = "random,bayes,hyperopt,hyperband"
OPTIONS = (
    *("study", "--methods", METHODS, "--replicates", "1", "--trials", "4", "--epochs", "2"),
    *("--retrain-seeds", "1", "--audit", "1", "--parallel", "2", "--seed", "5"),
)


def curves(folder):
    return {
        sweep.sweep.config["method"] + sweep.root.name: [
            (t.number, t.config["lr"], t.config["filters"], [row["valid_loss"] for row in t.history])
            for t in sweep.read_trials()
        ]
        for sweep in find_sweep_dirs(folder / "sweeps")
    }


def test_a_study_on_a_cluster_has_the_curves_of_one_machine(tmp_path):
    env = {"FASHION_WB_LIMIT": "300"}
    local = run(tmp_path, *OPTIONS, "--out", "near", "--workers", "2", **env)
    assert local.returncode == 0, local.stderr
    worker = start_worker(tmp_path, tmp_path / "far" / "cluster.json", "--workers", 2)
    try:
        far = run(tmp_path, *OPTIONS, "--out", "far", "--executor", "dask", "--listen", "127.0.0.1", **env)
        assert far.returncode == 0, far.stderr
        assert worker.wait(timeout=30) == 0, (tmp_path / "workers.log").read_text()
    finally:
        worker.kill()
        worker.wait()
    near, far = curves(tmp_path / "near"), curves(tmp_path / "far")
    assert len(near) == 4 and near.keys() == far.keys()
    for name, trials in near.items():
        for here, there in zip(trials, far[name], strict=True):
            assert here[:3] == there[:3]
            # A trial that is stopped early may log one more epoch before the signal reaches it.
            lengths = len(here[3]), len(there[3])
            length = min(lengths) if "hyperband" in name else max(lengths)
            assert here[3][:length] == there[3][:length]
    assert (tmp_path / "far" / "report.html").exists()
