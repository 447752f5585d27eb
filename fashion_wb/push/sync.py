"""Upload run logs with `wandb sync`, in a subprocess that never outlives this process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from fashion_wb.server.errors import Unanswered

# Settings that the user made for runs, not for uploads: with WANDB_MODE=offline a push would do nothing.
_FOR_RUNS = (
    "MODE DISABLED SERVICE DIR SWEEP_ID RUN_ID RESUME RUN_GROUP JOB_TYPE NAME NOTES TAGS ENTITY PROJECT "
    "SILENT QUIET"
).split()
# wandb-core retries for a week while a server is down. A push gives up after some minutes and can be run
# again. The user's own settings take precedence.
_RETRIES = {"RETRY_MAX": "8", "RETRY_WAIT_MIN_SECONDS": "1", "RETRY_WAIT_MAX_SECONDS": "30"}
_CLIENTS = ("FILE_STREAM", "FILE_TRANSFER", "GRAPHQL")
_PARALLEL_RUNS = 8
# `wandb sync` has no time limit. These are long enough for a server that asks for pauses, and for a
# line that carries 50 kB a second.
_LONGEST_SECONDS, _SECONDS_PER_MEGABYTE = 600.0, 20.0
_DIE_WITH_PARENT = (
    "import os, sys; from fashion_wb.executors.parent_death import die_with_parent; "
    "die_with_parent(int(sys.argv[1])); "
    "os.execv(sys.executable, [sys.executable, *sys.argv[2:]])"
)


def sync(logs: Sequence[Path], home: Path, base_url: str, longest: float = _LONGEST_SECONDS) -> str:
    """Upload run logs and return what `wandb sync` printed, which hardly tells whether it succeeded.

    Args:
        logs: .wandb files in `home`.
        home: folder where wandb keeps its own logs.
        base_url: the server's address.
        longest: seconds that it may take, besides 20 s for each megabyte.

    Raises:
        Unanswered: it took longer, and was stopped.
    """
    limit = longest + _SECONDS_PER_MEGABYTE * _megabytes(logs)
    options = ["--no-skip-synced", "-n", str(_PARALLEL_RUNS)]
    command = ["-m", "wandb", "sync", *options, *map(str, logs)]
    process = subprocess.Popen(
        [sys.executable, "-c", _DIE_WITH_PARENT, str(os.getpid()), *command],
        cwd=home,
        env=_environment(os.environ, home, base_url),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # Ctrl-C goes to the push, which then stops this process
    )
    try:
        return process.communicate(timeout=limit)[0]
    except BaseException as error:
        process.kill()
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise Unanswered(
                f"W&B at {base_url} did not take {len(logs)} run{'s' if len(logs) > 1 else ''} within "
                f"{limit:.0f} s; what has arrived stays. Run the same command again to continue"
            ) from None
        raise


def _megabytes(logs: Sequence[Path]) -> float:
    """Return the size of the logs and of the files beside them, which may be links."""
    files = [file for log in logs for file in log.parent.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / 1e6


def messages_about(run_id: str, output: str) -> str:
    """Return what `wandb sync` printed about a run that did not arrive, on one line; empty if nothing."""
    lines = [line.removeprefix("wandb: ").strip() for line in output.splitlines()]
    marks = ("ERROR", "WARNING", "error", "rror:", "ailed", "fatal")
    about = [line for line in lines if run_id in line and any(mark in line for mark in marks)]
    return "; ".join(dict.fromkeys(about or [line for line in lines if line.startswith("ERROR")]))


def _environment(given: Mapping[str, str], home: Path, base_url: str) -> dict[str, str]:
    kept = {name: value for name, value in given.items() if name.removeprefix("WANDB_") not in _FOR_RUNS}
    retries = {f"WANDB__{client}_{name}": value for client in _CLIENTS for name, value in _RETRIES.items()}
    return {**retries, **kept, "WANDB_DIR": str(home), "WANDB_BASE_URL": base_url}
