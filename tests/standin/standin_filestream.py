"""The stand-in's file_stream: receives a run's history, summary, console output and exit code."""

from __future__ import annotations

import json
from typing import Any

import standin_sweeps
from standin_state import Refused, Run, State, now

# The client also sends system metrics and finished uploads; the tests do not need them.
_IGNORED_FILES = {"wandb-events.jsonl"}
_IGNORED = {"dropped", "uploaded"}


def take(state: State, project: str, name: str, request: dict[str, Any]) -> dict[str, Any]:
    """Handle one request of a run's stream; the answer tells the run whether it was asked to stop.

    Raises:
        Refused: the test wants this request to fail because the run is "not found".
        ValueError: the request has unknown content, or rows before its first row are missing.
    """
    if name in state.gone_after:
        state.gone_after[name] -= 1
        if state.gone_after[name] < 0:
            del state.gone_after[name]
            raise Refused(f"run {name} not found", 404)
    run = state.runs[state.run_key(project, name)]
    run.seen = now()
    for file, chunk in (request.pop("files", None) or {}).items():
        _take_file(run, file, chunk["offset"], chunk["content"])
    if request.pop("preempting", None):
        run.state = "preempting"
    complete, exit_code = request.pop("complete", None), request.pop("exitcode", None)
    if complete:
        _complete(state, run, exit_code)
    unknown = {key: value for key, value in request.items() if key not in _IGNORED and value}
    if unknown:
        raise ValueError(f"file_stream of {name}: {unknown}")
    return {"stopped": run.stop_asked, "exitcode": None, "limits": {}}


def _take_file(run: Run, file: str, offset: int, lines: list[str]) -> None:
    if file == "wandb-history.jsonl":
        if offset > len(run.history):
            raise ValueError(f"file_stream of {run.name}: rows from {offset} on, after {len(run.history)}")
        # Rows are placed by offset, so that a repeated request does not add them twice.
        run.history[offset:] = [json.loads(line) for line in lines]
    elif file == "wandb-summary.json":
        run.summary = json.loads(lines[-1])
    elif file == "output.log":
        run.output[offset:] = lines
    elif file not in _IGNORED_FILES:
        raise ValueError(f"file_stream of {run.name}: file {file}")


def _complete(state: State, run: Run, exit_code: int) -> None:
    run.exit_code = exit_code
    sweep = state.sweeps.get(run.sweep or "")
    stopped = run.stop_asked or (sweep is not None and run.name in sweep.stopped)
    preempted = run.state == "preempting" and exit_code != 0 and not stopped
    run.state = "finished" if exit_code == 0 else "killed" if stopped else "failed"
    if preempted:
        standin_sweeps.requeue(state, run)
    elif sweep is not None:
        standin_sweeps.settle(state, sweep)
