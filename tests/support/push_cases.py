"""Offline sweeps to push, and checks of what the server has afterwards."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import yaml
from standin_client import run_client
from standin_server import Server
from standin_state import State

from fashion_wb.runlog.reader import read_run_log
from fashion_wb.sweep_folder.opening import find_sweep_dirs
from fashion_wb.sweep_folder.sweep_dir import SweepDir

PROJECT = "fashion"
# Sends rows as soon as they are read, so that a run of many rows takes several requests.
PIECEMEAL = {"WANDB__FILE_STREAM_TRANSMIT_INTERVAL": "0.001"}
FAST = {
    f"WANDB__{client}_RETRY_WAIT_{bound}_SECONDS": "1"
    for client in ("FILE_STREAM", "FILE_TRANSFER")
    for bound in ("MIN", "MAX")
}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+ ")
ROWS = 3000
MANY_ROWS = f"""
import wandb
run = wandb.init()
for step in range({ROWS}):
    run.log({{"loss": run.config.x + 1 / (step + 1)}})
"""


def push(server: Server, home: Path, *arguments: str, timeout: float = 300, **env: str):
    """Run `fashion-wb push` in the folder `home`."""
    options = arguments or ("runs", "--project", PROJECT)
    return run_client(server.url, home, "push", *options, timeout=timeout, **(FAST | env))


def contents(state: State, project: str = PROJECT) -> dict[str, Any]:
    """Return a project's sweeps and runs on the server, without what W&B records about the upload itself."""
    sweeps = {s.name: (s.config, s.state) for s in state.sweeps.values() if s.project == project}
    runs = {
        run.name: {
            "sweep": run.sweep,
            "state": run.state,
            "exit_code": run.exit_code,
            "config": run.values(),
            "history": run.history,
            "summary": run.summary,
            "group": run.group,
            # wandb prefixes each line with the time of the upload.
            "output": [_TIME.sub("", line) for line in run.output],
        }
        for run in state.runs.values()
        if run.project == project
    }
    return {"sweeps": sweeps, "runs": runs}


def assert_arrived(state: State, folder: SweepDir, project: str = PROJECT) -> str:
    """Check that every trial with an outcome is one complete run of one sweep; return the sweep's id."""
    marked = [s for s in state.sweeps.values() if s.project == project and folder.sweep_id in s.text]
    assert len(marked) == 1, "exactly one sweep must have the mark"
    (sweep,) = marked
    config = dict(folder.sweep.config)
    sent = yaml.safe_load(sweep.text)
    assert sent["name"] == folder.sweep.name
    assert sent["description"].endswith(f"(pushed by fashion-wb from offline sweep {folder.sweep_id})")
    assert sweep.description == sent["description"]
    assert {k: sent[k] for k in config if k not in ("parameters", "description", "name")} == {
        k: config[k] for k in config if k not in ("parameters", "description", "name")
    }
    for name, spec in config["parameters"].items():
        assert {key: sent["parameters"][name][key] for key in spec} == dict(spec)
    runs = {run.name: run for run in state.runs_of(sweep.name) if run.project == project}
    ended = [trial for trial in folder.read_trials() if trial.state.ended]
    assert sorted(runs) == sorted(trial.run_id for trial in ended)
    for trial in ended:
        run = runs[trial.run_id]
        assert run.history == [dict(row) for row in trial.history]
        assert {k: run.values()[k] for k in trial.config} == dict(trial.config)
        path = folder.find_log(trial.run_id)
        if path is not None:
            log = read_run_log(path)
            assert run.values() == {k: v for k, v in log.config.items() if k != "_wandb"}
            assert {k: run.summary[k] for k in log.summary} == log.summary
    return sweep.name


def digest(root: Path) -> dict[str, str]:
    """Return the hash of every file below a folder, by path."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def folders(root: Path) -> list[SweepDir]:
    """Return the offline sweeps at or below a folder."""
    return find_sweep_dirs(root)
