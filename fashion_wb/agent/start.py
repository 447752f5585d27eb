"""From the path of a sweep to its finished trials: checks, workers, slots, the agent."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from fashion_wb.agent.agent_run import Launcher
from fashion_wb.agent.contact import Contact
from fashion_wb.agent.files import AgentFiles
from fashion_wb.agent.loop import Agent
from fashion_wb.agent.protocol import SweepOnServer, find_sweep, register
from fashion_wb.agent.report import Report
from fashion_wb.agent.slot import Slot
from fashion_wb.errors import FashionWbError
from fashion_wb.executors.local import LocalExecutor
from fashion_wb.server.connection import Server, connect
from fashion_wb.server.path import WandbPath, parse_path
from fashion_wb.sweepfile.program import read_program
from fashion_wb.sweepfile.sweep import Sweep

# Longer than a restart of a server or a router takes.
GIVE_UP_SECONDS = 300.0


@dataclass(frozen=True)
class AgentOptions:
    """How to work; none of it changes what is searched.

    Attributes:
        cwd: the directory the trials run in.
        workers: trials at once, at least 1.
        count: most trials that this agent starts; None for no limit.
        warm: whether to fork trials from a process that has imported the program's modules.
        give_up: seconds without the server, and without a trial running, after which to end.
    """

    cwd: Path
    workers: int = 1
    count: int | None = None
    warm: bool = True
    give_up: float = GIVE_UP_SECONDS


def run_agent(path: str, options: AgentOptions, stream: TextIO) -> str:
    """Run trials of a sweep on W&B's server until it is over.

    Args:
        path: ENTITY/PROJECT/SWEEP_ID, or the sweep's address in the browser.
        options: how to work.
        stream: where progress is printed.

    Returns:
        What this agent's trials came to, in words.

    Raises:
        ServerError: trouble with the account, the server or the path.
        FashionWbError: a program that is not there, or fails every time.
        Interrupted: the user stopped it.
    """
    parsed = parse_path(path)
    if parsed.sweep is None:
        raise FashionWbError(f"{path}: names a project; give ENTITY/PROJECT/SWEEP_ID")
    server = connect()
    target = find_sweep(server, parsed)
    if target.is_over:
        return f"{parsed}: the sweep is {target.state.lower()} already; there is nothing left to run"
    _check_program(target, options.cwd)
    _prepare(target.sweep, options.cwd)
    report = Report(target, options.count, stream)
    _work(server, target, options, report)
    return report.summary(_address(server, parsed))


def _work(server: Server, target: SweepOnServer, options: AgentOptions, report: Report) -> None:
    root = Path(os.environ.get("WANDB_DIR") or options.cwd).resolve()
    files = AgentFiles(root, str(target.path.sweep))
    number = options.workers if options.count is None else min(options.workers, options.count)
    report.say(
        f"Agent for {target.path} ({target.sweep.name}), {number} trial{'s' if number > 1 else ''} at once; "
        f"what they print: {files.output_file('RUN_ID')}"
    )
    with LocalExecutor(target.sweep.script(options.cwd) if options.warm else None) as executor:
        with ThreadPoolExecutor(number) as threads:
            slots = [
                Slot(agent_id)
                for agent_id in threads.map(lambda _: register(server, target.path), range(number))
            ]
        # Alone, a trial computes as under W&B's agent; side by side, all of them with every core would crawl.
        threads = None if number == 1 else 1
        launcher = Launcher(target, files, options.cwd, executor, options.warm, threads)
        contact = Contact(report, options.give_up)
        Agent(server, target, launcher, slots, report, options.count, contact).run()


def _check_program(target: SweepOnServer, cwd: Path) -> None:
    sweep = target.sweep
    if sweep.program is None and sweep.command is None:
        raise FashionWbError(
            f"sweep {target.path} names neither program nor command: it is one for W&B Launch, or for "
            "wandb.agent(..., function=...) in Python; this agent runs commands"
        )
    script = sweep.script(cwd)
    uses_it = sweep.command is None or "${program}" in sweep.command
    if script is not None and uses_it and not script.is_file():
        raise FashionWbError(
            f"sweep {target.path}: program {sweep.program} is not in {cwd}; "
            "run from the directory that holds it, as for wandb agent"
        )


def _prepare(sweep: Sweep, cwd: Path) -> None:
    script = sweep.script(cwd)
    program = None if script is None else read_program(script)
    if program is not None:
        program.prepare()


def _address(server: Server, path: WandbPath) -> str:
    import wandb

    return f"{wandb.setup().settings.app_url}/{path.entity}/{path.project}/sweeps/{path.sweep}"
