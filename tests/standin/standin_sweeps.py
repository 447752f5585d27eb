"""The decisions of W&B's server about a sweep: the next configuration, what to stop, when it is over."""

from __future__ import annotations

import random
import warnings
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from standin_state import Agent, Run, State, Sweep

from fashion_wb.search.plain_values import plain
from fashion_wb.search.seeds import stable_seed
from fashion_wb.sweepfile.sweeps_package import SweepRun, next_runs, stop_runs

Command = dict[str, Any]


@dataclass
class LaxSweep(Sweep):
    """A sweep that never finishes by itself and hands out `overshoot` runs more than its run_cap.

    W&B's server has been seen to do both (wandb's issues #8549, #4682).
    """

    overshoot: int = 0


def make_lax(state: State, name: str, overshoot: int) -> None:
    """Turn a sweep into a LaxSweep."""
    sweep = state.sweeps[name]
    known = {field.name: getattr(sweep, field.name) for field in fields(sweep)}
    state.sweeps[name] = LaxSweep(**known, overshoot=overshoot)


def heartbeat(state: State, agent: Agent, alive: set[str]) -> list[Command]:
    """Return the commands for an agent that has the runs `alive`."""
    sweep = state.sweeps[agent.sweep]
    _note_vanished(state, agent, alive)
    _judge(state, sweep)
    settle(state, sweep)
    commands = [{"type": "stop", "run_id": name} for name in sorted(alive & sweep.stopped)]
    if sweep.state == "CANCELED":
        return [{"type": "exit"}]
    if alive or sweep.state == "PAUSED":
        return commands
    if sweep.state != "RUNNING":
        return [{"type": "exit"}]
    program = sweep.config["program"]
    if sweep.requeued:
        run = state.runs[sweep.requeued.pop(0)]
        agent.runs.append(run.name)
        # With W&B's own entry among the arguments, as in wandb's issue #4237.
        return [{"type": "resume", "run_id": run.name, "program": program, "args": run.config}]
    run = _next_run(state, sweep)
    if run is None:
        return []
    agent.runs.append(run.name)
    sweep.handed.append(run.name)
    return [{"type": "run", "run_id": run.name, "program": program, "args": run.config}]


def requeue(state: State, run: Run) -> None:
    """Hand a preempted run out again, before new ones.

    As W&B documents: a run that is marked as preempting and exits with another code than 0, or sends nothing
    for five minutes, is appended to the sweep's queue (https://docs.wandb.ai/models/runs/resuming).
    """
    run.state = "preempted"
    for agent in state.agents.values():
        agent.runs[:] = [name for name in agent.runs if name != run.name]
    if run.sweep is not None:
        state.sweeps[run.sweep].requeued.append(run.name)


def settle(state: State, sweep: Sweep) -> None:
    """Finish a sweep if all its runs were handed out and have ended."""
    handed_all = not isinstance(sweep, LaxSweep) and len(sweep.handed) >= _most(sweep)
    if handed_all and all(state.runs[name].ended for name in sweep.handed):
        sweep.state = "FINISHED"


def enqueue(state: State, sweep: Sweep, config: dict[str, Any]) -> Run:
    """Enqueue a run that a scheduler suggests."""
    run = state.add_run(sweep.project, sweep.name, config)
    sweep.queue.append(run.name)
    return run


def _next_run(state: State, sweep: Sweep) -> Run | None:
    config = sweep.config
    if len(sweep.handed) >= _most(sweep):
        return None
    if config["method"] == "custom":
        return state.runs[sweep.queue.pop(0)] if sweep.queue else None
    suggestion = _suggest(config, sweep.name, state.runs_of(sweep.name))
    if suggestion is None:
        sweep.state = sweep.state if isinstance(sweep, LaxSweep) else "FINISHED"
        return None
    return state.add_run(sweep.project, sweep.name, suggestion)


def _most(sweep: Sweep) -> float:
    """Return the most runs that the server hands out."""
    beyond = sweep.overshoot if isinstance(sweep, LaxSweep) else 0
    return sweep.config.get("run_cap", float("inf")) + beyond


def _suggest(config: dict[str, Any], sweep: str, runs: list[Run]) -> dict[str, Any] | None:
    # The library uses the global random generators. They are seeded so that a test always gets the same runs.
    seed = stable_seed(sweep, len(runs))
    random.seed(seed)
    np.random.seed(seed)
    with warnings.catch_warnings():
        # Its Gaussian process warns about few points, and a test has only few.
        warnings.simplefilter("ignore")
        (found,) = next_runs(config, [_sweep_run(run) for run in runs])
    if found is None:
        return None
    return {name: {"value": value} for name, value in plain(_values(found.config)).items()}


def _values(config: dict[str, Any]) -> dict[str, Any]:
    return {name: entry["value"] for name, entry in config.items()}


def _judge(state: State, sweep: Sweep) -> None:
    """Apply early_terminate to what the runs have logged so far."""
    config = sweep.config
    if "early_terminate" in config:
        runs = [_sweep_run(run) for run in state.runs_of(sweep.name)]
        sweep.stopped |= {run.name for run in stop_runs(config, runs)}


def _sweep_run(run: Run) -> SweepRun:
    config = {name: entry for name, entry in run.config.items() if name != "_wandb"}
    return SweepRun(
        name=run.name, config=config, state=run.state, history=run.history, summary_metrics=run.summary
    )


def _note_vanished(state: State, agent: Agent, alive: set[str]) -> None:
    """Mark runs as crashed whose process exited without reporting it."""
    for name in list(agent.runs):
        run = state.runs[name]
        if name in alive or run.ended:
            continue
        if run.state == "preempting":
            requeue(state, run)
        else:
            run.state = "crashed"
