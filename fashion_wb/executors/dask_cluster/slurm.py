"""Job scripts for Slurm: a sweep and its workers in one job, or workers that join a sweep elsewhere."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """What to ask Slurm for.

    Attributes:
        name: the job's name.
        nodes: number of nodes, each with one worker.
        time: the time limit, as Slurm writes it, such as 1:00:00.
        more: further options of sbatch, such as --partition=gpu.
        worker_options: options of `fashion-wb worker`.
    """

    name: str
    nodes: int
    time: str
    more: Sequence[str] = ()
    worker_options: Sequence[str] = ()


def sweep_script(job: Job, sweep: Sequence[str], rendezvous: str) -> str:
    """Return a script that runs a sweep on all nodes of one job; submitted again, it continues.

    Args:
        job: what to ask Slurm for.
        sweep: the command that runs the sweep.
        rendezvous: the path of the file that it writes.
    """
    lines = [
        *_header(job, [f"--nodes={job.nodes}", "--ntasks-per-node=1", "--requeue"]),
        "# A worker on every node. They wait for the sweep below, and leave before the time is up.",
        f"srun --kill-on-bad-exit=0 {_worker(job, rendezvous)} &",
        "# The sweep. Submit this script again to continue it.",
        shlex.join(sweep),
        "status=$?",
        "wait",
        "exit $status",
    ]
    return "\n".join(lines)


def worker_array_script(job: Job, rendezvous: str) -> str:
    """Return a script for an array of workers, one to a node, for a sweep that runs outside the job.

    Args:
        job: what to ask Slurm for; its nodes are the array's tasks, which start as nodes become free.
        rendezvous: the path of the sweep's file, which all nodes must see.
    """
    lines = [
        *_header(job, [f"--array=1-{job.nodes}", "--nodes=1", "--ntasks=1", "--requeue"]),
        f"exec srun {_worker(job, rendezvous)}",
    ]
    return "\n".join(lines)


def _header(job: Job, shape: Sequence[str]) -> list[str]:
    options = [
        # Slurm takes what follows a space for another option, and bash another line for a command.
        f"--job-name={re.sub(r'[^A-Za-z0-9_.-]', '_', job.name)}",
        *shape,
        f"--time={job.time}",
        "--open-mode=append",
        *job.more,
    ]
    return ["#!/bin/bash", *(f"#SBATCH {option}" for option in options)]


def _worker(job: Job, rendezvous: str) -> str:
    return shlex.join(["fashion-wb", "worker", rendezvous, *job.worker_options])
