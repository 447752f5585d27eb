"""Describe the result of a push as text."""

from __future__ import annotations

import shlex

from fashion_wb.push.push import PushedSweep, PushResult


def summarise(push: PushResult) -> str:
    """Return one line per sweep with its address, then what is missing and what to do next."""
    width = max(len(sweep.name) for sweep in push.sweeps)
    lines = [
        f"{sweep.name:<{width}}  {sweep.pushed:>4} pushed  {sweep.already_there:>4} already there  "
        f"{'complete' if sweep.complete else 'running ':<8}  {_address(push, sweep)}"
        for sweep in push.sweeps
    ]
    if not any(sweep.pushed or sweep.problems for sweep in push.sweeps):
        lines.append("Everything is already there.")
    lines += [note for sweep in push.sweeps for note in _notes(sweep)]
    lines.append(f"Project: {push.app_url}/{push.project}")
    project = shlex.quote(str(push.project))
    lines.append(f"Next: fashion-wb report {project}, or fashion-wb compare {project}")
    return "\n".join(lines)


def describe_problems(push: PushResult) -> str:
    """List every run that has not arrived, with the reason; empty if all have."""
    lines = [
        f"  {sweep.name} {run_id}: {why}" for sweep in push.sweeps for run_id, why in sweep.problems.items()
    ]
    if not lines:
        return ""
    count = f"{len(lines)} run{'s have' if len(lines) > 1 else ' has'} not arrived"
    return "\n".join([f"{count}; all others have. Run the same command to try again:", *lines])


def _address(push: PushResult, sweep: PushedSweep) -> str:
    return f"{push.app_url}/{push.project}/sweeps/{sweep.path.sweep}"


def _notes(sweep: PushedSweep) -> list[str]:
    notes = []
    if sweep.without_outcome:
        numbers = ", ".join(map(str, sweep.without_outcome))
        notes.append(
            f"{sweep.name}: trials without an outcome were left out: {numbers}; "
            "finish the sweep, then push again"
        )
    if sweep.copies:
        notes.append(
            f"{sweep.name}: the request to create it was carried out twice; canceled and without runs, "
            f"to be deleted in the browser: sweep {', '.join(sweep.copies)}"
        )
    if not sweep.complete:
        path = shlex.quote(str(sweep.path))
        notes.append(
            f"{sweep.name}: it may have more trials, so it stays RUNNING on the server; continue it with "
            f"`wandb agent {path}`, or finish it with `wandb sweep --stop {path}`"
        )
    return notes
