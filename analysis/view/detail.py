"""Everything about one trial: what it logged, printed and left, and how to run it again."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.records.flat import flat_config
from analysis.view.rows import plain, trial_row
from analysis.view.watched import LocalSweep, Watched
from fashion_wb.errors import FashionWbError
from fashion_wb.executors.command import build_command
from fashion_wb.runlog.reader import read_run_log
from fashion_wb.study.audit import JOB_TYPE as AUDIT

MAX_POINTS = 500
# The end of what a trial printed.
OUTPUT_BYTES = 64 * 1024
_MAX_FILES = 200
_MAX_CURVES = 40
_MACROS_IN_FILES = "${args_json_file}"


def trial_detail(sweep: Watched, run_id: str, parameters: Sequence[str]) -> dict[str, Any]:
    """Return a trial as its page shows it; `run_id` is one of `sweep.trials`."""
    seen = sweep.trials[run_id]
    history: Sequence[Mapping[str, Any]] = seen.trial.history
    trouble, output, files, command, audit = "", "", [], "", None
    if isinstance(sweep, LocalSweep):
        if seen.log is not None:
            try:
                history = read_run_log(seen.log).history
            except FashionWbError as error:
                trouble = str(error)
            files = list(run_files(seen.log.parent))
        output = _end_of(sweep.folder.output_file(run_id))
        command = _command(sweep, seen.trial.config)
        audit = _audit(sweep, run_id)
    return {
        **trial_row(seen, sweep, parameters),
        "config": {name: plain(value) for name, value in flat_config(seen.trial.config).items()},
        "metric": None if sweep.metric is None else sweep.metric.name,
        "curves": curves(history),
        "stop": None if seen.trial.stop is None else vars(seen.trial.stop),
        "audit": audit,
        "output": output,
        "files": [{"name": str(name), "bytes": size} for name, size in files],
        "folder": None if seen.log is None else str(seen.log.parent),
        "command": command,
        "trouble": trouble,
    }


def curves(history: Sequence[Mapping[str, Any]], most: int = MAX_POINTS) -> dict[str, list[Any]]:
    """Return, by name, pairs of position from 1 and value of everything logged that is a finite number.

    At most `most` pairs each, the last one included, and at most 40 names; W&B's own are left out.
    """
    found: dict[str, list[Any]] = {}
    for at, row in enumerate(history, 1):
        for name, value in row.items():
            real = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
            if real and not name.startswith("_") and (name in found or len(found) < _MAX_CURVES):
                found.setdefault(name, []).append((at, value))
    return {name: pairs[:: -math.ceil(len(pairs) / most)][::-1] for name, pairs in found.items()}


def run_files(folder: Path) -> list[tuple[Path, int]]:
    """List the files of a run's folder, relative to it, with their sizes; links are left out."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            found.append((path.relative_to(folder), path.stat().st_size))
        if len(found) == _MAX_FILES:
            break
    return found


def find_file(folder: Path, name: str) -> Path | None:
    """Return the path of a file of a run's folder by the name that `run_files` gives; None if it has none.

    What is not in the list cannot be named, so no name leads out of the folder.
    """
    listed = {str(path): folder / path for path, _ in run_files(folder)}
    return listed.get(name)


def _end_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - OUTPUT_BYTES))
            return file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""


def _command(sweep: LocalSweep, config: Mapping[str, Any]) -> str:
    """Return the command that runs a configuration again, as text for a shell; "" if it needs a file."""
    parts = sweep.folder.sweep.command or ()
    if any(_MACROS_IN_FILES in str(part) for part in parts):
        # Filling that in would write the file.
        return ""
    try:
        command = build_command(sweep.folder.sweep, config, Path(), Path())
    except FashionWbError:
        return ""
    return shlex.join(command.argv)


def _audit(sweep: LocalSweep, run_id: str) -> float | None:
    """Return what a stopped trial reached when it was trained to the end; None if it was not."""
    if not (sweep.folder.root / AUDIT).is_dir():
        return None
    from analysis.sources.local import audited_trials

    try:
        found = [one.final for one in audited_trials(sweep.folder) if one.run == run_id]
    except FashionWbError:
        return None
    return plain(found[0]) if found else None
