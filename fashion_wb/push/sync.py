"""W&B's own upload of run logs: `wandb sync` as a process that never outlives this one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

# What the user has set for runs, not for uploads: WANDB_MODE=offline must not make a push do nothing.
_FOR_RUNS = (
    "MODE DISABLED SERVICE DIR SWEEP_ID RUN_ID RESUME RUN_GROUP JOB_TYPE NAME NOTES TAGS ENTITY PROJECT "
    "SILENT QUIET"
).split()
# wandb-core would go on for a week with a server that is down; a push gives up after some minutes and is
# run again. The user's own settings come first.
_RETRIES = {"RETRY_MAX": "8", "RETRY_WAIT_MIN_SECONDS": "1", "RETRY_WAIT_MAX_SECONDS": "30"}
_CLIENTS = ("FILE_STREAM", "FILE_TRANSFER", "GRAPHQL")
_RUNS_AT_ONCE = 8
_TIED = (
    "import os, sys; from fashion_wb.executors.parent_death import die_with_parent; "
    "die_with_parent(int(sys.argv[1])); "
    "os.execv(sys.executable, [sys.executable, *sys.argv[2:]])"
)


def sync(logs: Sequence[Path], home: Path, base_url: str) -> str:
    """Upload run logs; returns what `wandb sync` printed, which says little about whether it succeeded.

    Args:
        logs: .wandb files in `home`.
        home: where wandb may keep its own logs.
        base_url: the server.
    """
    options = ["--no-skip-synced", "-n", str(_RUNS_AT_ONCE)]
    command = ["-m", "wandb", "sync", *options, *map(str, logs)]
    process = subprocess.Popen(
        [sys.executable, "-c", _TIED, str(os.getpid()), *command],
        cwd=home,
        env=_environment(os.environ, home, base_url),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # Ctrl-C is for the push, which then ends this
    )
    try:
        return process.communicate()[0]
    except BaseException:
        process.kill()
        process.communicate()
        raise


def said_of(run_id: str, output: str) -> str:
    """What `wandb sync` printed about a run that did not arrive, on one line; empty if nothing."""
    lines = [line.removeprefix("wandb: ").strip() for line in output.splitlines()]
    marks = ("ERROR", "WARNING", "error", "rror:", "ailed", "fatal")
    about = [line for line in lines if run_id in line and any(mark in line for mark in marks)]
    return "; ".join(dict.fromkeys(about or [line for line in lines if line.startswith("ERROR")]))


def _environment(given: Mapping[str, str], home: Path, base_url: str) -> dict[str, str]:
    kept = {name: value for name, value in given.items() if name.removeprefix("WANDB_") not in _FOR_RUNS}
    retries = {f"WANDB__{client}_{name}": value for client in _CLIENTS for name, value in _RETRIES.items()}
    return {**retries, **kept, "WANDB_DIR": str(home), "WANDB_BASE_URL": base_url}
