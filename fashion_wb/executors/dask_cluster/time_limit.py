"""When a machine's time is up, as its batch system says."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from datetime import datetime

_ASK_SECONDS = 20


def end_of_allocation(env: Mapping[str, str] = os.environ) -> float | None:
    """Return the time.time() at which the Slurm job that this process belongs to ends; None if unknown.

    Slurm 22.05 does not set SLURM_JOB_END_TIME, so squeue is asked then.
    """
    job, end = env.get("SLURM_JOB_ID"), env.get("SLURM_JOB_END_TIME", "")
    if job is None:
        return None
    if end.isdecimal():
        return float(end)
    try:
        command = ["squeue", "--noheader", "--jobs", job, "--format", "%e"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_ASK_SECONDS)
        # Local time, as the scheduler prints it; "NONE" or "N/A" without a limit.
        return datetime.fromisoformat(done.stdout.strip()).timestamp()
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def end_after(seconds: float | None) -> float | None:
    """Return when a machine's time is up: in `seconds` if given, otherwise as its batch system says."""
    return end_of_allocation() if seconds is None else time.time() + seconds
