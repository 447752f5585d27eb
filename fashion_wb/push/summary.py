"""What a push did, in words."""

from __future__ import annotations

from fashion_wb.push.push import Push, PushedSweep


def summarise(push: Push) -> str:
    """A line a sweep with its address, what is left to do, and what to do next."""
    width = max(len(sweep.name) for sweep in push.sweeps)
    lines = [
        f"{sweep.name:<{width}}  {sweep.pushed:>4} pushed  {sweep.there:>4} there already  "
        f"{'complete' if sweep.complete else 'running ':<8}  {_address(push, sweep)}"
        for sweep in push.sweeps
    ]
    if not any(sweep.pushed or sweep.problems for sweep in push.sweeps):
        lines.append("Everything is there already.")
    lines += [note for sweep in push.sweeps for note in _notes(sweep)]
    lines.append(f"Project: {push.app_url}/{push.project}")
    lines.append(f"Next: fashion-wb report {push.project}, or fashion-wb compare {push.project}")
    return "\n".join(lines)


def describe_problems(push: Push) -> str:
    """Every run that has not arrived, with the reason; empty if all have."""
    lines = [
        f"  {sweep.name} {run_id}: {why}" for sweep in push.sweeps for run_id, why in sweep.problems.items()
    ]
    if not lines:
        return ""
    count = f"{len(lines)} run{'s have' if len(lines) > 1 else ' has'} not arrived"
    return "\n".join([f"{count}; all others have, and the same command tries these again:", *lines])


def _address(push: Push, sweep: PushedSweep) -> str:
    return f"{push.app_url}/{push.project}/sweeps/{sweep.path.sweep}"


def _notes(sweep: PushedSweep) -> list[str]:
    notes = []
    if sweep.unended:
        numbers = ", ".join(map(str, sweep.unended))
        notes.append(
            f"{sweep.name}: trials that have not ended were left out: {numbers}; "
            "run the sweep to its end, then push again"
        )
    if not sweep.complete:
        notes.append(
            f"{sweep.name}: may have more trials, so it stays RUNNING there: "
            f"`wandb agent {sweep.path}` goes on with it, `wandb sweep --stop {sweep.path}` ends it"
        )
    return notes
