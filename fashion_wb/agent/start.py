"""Run an agent for a sweep on W&B's server: look up the sweep, check the program, register, work."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from fashion_wb.agent.arrivals import never_started, send_missing
from fashion_wb.agent.files import AgentFiles
from fashion_wb.agent.launcher import Launcher
from fashion_wb.agent.loop import Agent
from fashion_wb.agent.outage import OutageMonitor
from fashion_wb.agent.progress import AgentProgress
from fashion_wb.agent.protocol import SweepOnServer, find_sweep, register
from fashion_wb.agent.slot import Slot
from fashion_wb.errors import FashionWbError
from fashion_wb.executors.local import LocalExecutor
from fashion_wb.executors.slots import Slot as ExecutorSlot
from fashion_wb.server.connection import Server, connect
from fashion_wb.server.path import WandbPath, parse_path
from fashion_wb.sweepfile.program import read_program
from fashion_wb.sweepfile.sweep import Sweep

# Longer than a server or a router takes to restart.
GIVE_UP_SECONDS = 300.0


@dataclass(frozen=True)
class AgentOptions:
    """How to run trials; none of it changes what is searched.

    Attributes:
        cwd: the directory that trials run in.
        slots: what each trial gets of this machine, at least one; as many trials run at once.
        count: most trials that this agent starts; None for no limit.
        warm: whether to fork trials from a process that has already imported the program's modules.
        give_up: seconds without an answer from the server, and with no trial running, after which to stop.
    """

    cwd: Path
    slots: tuple[ExecutorSlot, ...] = (ExecutorSlot(),)
    count: int | None = None
    warm: bool = True
    give_up: float = GIVE_UP_SECONDS


def run_agent(path: str, options: AgentOptions, stream: TextIO) -> str:
    """Run trials of a sweep on W&B's server until it is over.

    Args:
        path: ENTITY/PROJECT/SWEEP_ID, or the sweep's address in the browser.
        options: how to run trials.
        stream: where to print progress.

    Returns:
        A summary of this agent's trials, as text.

    Raises:
        ServerError: a problem with the account, the server or the path.
        FashionWbError: the program does not exist or always fails.
        Interrupted: the user stopped it.
    """
    parsed = parse_path(path)
    if parsed.sweep is None:
        raise FashionWbError(f"{path} is a project, not a sweep: give ENTITY/PROJECT/SWEEP_ID")
    server = connect()
    target = find_sweep(server, parsed)
    if target.is_over:
        return f"{parsed}: the sweep is already {target.state.lower()}; there is nothing left to run"
    _check_program(target, options.cwd)
    _prepare(target.sweep, options.cwd)
    progress = AgentProgress(target, options.count, stream)
    _run_trials(server, target, options, progress)
    summary = progress.summary(_address(server, parsed))
    _check_arrivals(server, target, progress, _root(options.cwd), summary, stream)
    return summary


def _check_arrivals(
    server: Server, target: SweepOnServer, progress: AgentProgress, root: Path, summary: str, stream: TextIO
) -> None:
    if lost := never_started(server, target, progress.trials):
        progress.say(
            f"W&B handed out {', '.join(lost)}, and no agent started it: the answer was lost on its way, or "
            "the program failed at once. Nothing was trained there, and W&B hands out no run twice"
        )
    problems = send_missing(server, target, root, progress.trials, stream)
    if problems:
        lines = [f"  {run_id}: {why}" for run_id, why in problems.items()]
        text = (
            "W&B lacks some of what these runs logged; `wandb sync --no-skip-online` sends their folders in"
        )
        progress.say(summary)
        raise FashionWbError("\n".join([f"{text} {root / 'wandb'}:", *lines]))


def _root(cwd: Path) -> Path:
    """Return the folder whose `wandb` has the runs' logs."""
    return Path(os.environ.get("WANDB_DIR") or cwd).resolve()


def _run_trials(
    server: Server, target: SweepOnServer, options: AgentOptions, progress: AgentProgress
) -> None:
    files = AgentFiles(_root(options.cwd), str(target.path.sweep))
    number = len(options.slots)
    progress.say(
        f"Agent for {target.path} ({target.sweep.name}), {number} trial{'s' if number > 1 else ''} at once; "
        f"their output: {files.output_file('RUN_ID')}"
    )
    # Alone, a trial uses as many threads as under W&B's agent. Several trials that each use every core would
    # slow each other to a crawl.
    alone = number == 1 and not options.slots[0].cpus
    places = [replace(slot, threads=None) for slot in options.slots] if alone else options.slots
    script = target.sweep.script(options.cwd) if options.warm else None
    with LocalExecutor(script, places) as executor:
        slots = _register_slots(server, target, number)
        launcher = Launcher(target, files, options.cwd, executor, options.warm)
        outage = OutageMonitor(progress, options.give_up)
        Agent(server, target, launcher, slots, progress, options.count, outage).run()


def _register_slots(server: Server, target: SweepOnServer, number: int) -> list[Slot]:
    with ThreadPoolExecutor(number) as pool:
        return [Slot(agent) for agent in pool.map(lambda _: register(server, target.path), range(number))]


def _check_program(target: SweepOnServer, cwd: Path) -> None:
    sweep = target.sweep
    if sweep.program is None and sweep.command is None:
        raise FashionWbError(
            f"sweep {target.path} names neither program nor command: it is meant for W&B Launch, or for "
            "wandb.agent(..., function=...) in Python; this agent can only run commands"
        )
    script = sweep.script(cwd)
    uses_it = sweep.command is None or "${program}" in sweep.command
    if script is not None and uses_it and not script.is_file():
        raise FashionWbError(
            f"sweep {target.path}: program {sweep.program} is not in {cwd}; "
            "start the agent in the directory of the program, as you would start wandb agent"
        )


def _prepare(sweep: Sweep, cwd: Path) -> None:
    script = sweep.script(cwd)
    program = None if script is None else read_program(script)
    if program is not None:
        program.prepare()


def _address(server: Server, path: WandbPath) -> str:
    import wandb

    return f"{wandb.setup().settings.app_url}/{path.entity}/{path.project}/sweeps/{path.sweep}"
