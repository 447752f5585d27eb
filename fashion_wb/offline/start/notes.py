"""What a sweep starts from, and what became of repeated suggestions, in words."""

from __future__ import annotations

from collections.abc import Sequence

from fashion_wb.offline.start.earlier_runs import describe_left_out
from fashion_wb.offline.start.opening import recorded_start
from fashion_wb.search.no_repeats import Redrawn
from fashion_wb.search.space import make_space
from fashion_wb.sweep_folder.start import read_redrawn
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.trial import Trial


def is_used_up(folder: SweepDir, trials: Sequence[Trial]) -> bool:
    """Tell whether every configuration of a sweep's space was tried, by its trials or by earlier runs."""
    space = make_space(folder.sweep.config)
    if space is None:
        return False
    known = [*recorded_start(folder).earlier, *trials]
    return space.is_used_up({space.identity(trial.config) for trial in known})


def describe_start(folder: SweepDir) -> list[str]:
    """Return what a sweep starts from, as one line for each kind; nothing if it is the file alone."""
    start = recorded_start(folder)
    lines = []
    if start.sources:
        left_out = f"; left out: {describe_left_out(dict(start.left_out))}" if start.left_out else ""
        lines.append(f"Starts from {len(start.earlier)} earlier runs of {', '.join(start.sources)}{left_out}")
    if start.initial:
        lines.append(f"Tries {len(start.initial)} given configurations first")
    return lines


def describe_repeats(folder: SweepDir, trials: Sequence[Trial]) -> list[str]:
    """Return what became of suggestions that repeated a configuration, and whether there are others left."""
    redrawn = {number: found for number, found in read_redrawn(folder).items() if number < len(trials)}
    draws = sum(found.draws for found in redrawn.values())
    at_random = sum(found.end == Redrawn.AT_RANDOM for found in redrawn.values())
    repeated = sum(found.end == Redrawn.REPEATED for found in redrawn.values())
    lines = []
    if draws:
        tail = f"; {at_random} of the new ones at random, as only repeats were suggested" if at_random else ""
        plural = "suggestion" if draws == 1 else "suggestions"
        lines.append(f"{draws} {plural} repeated an earlier configuration: drawn again{tail}")
    if repeated:
        plural = "trial repeats" if repeated == 1 else "trials repeat"
        lines.append(f"{repeated} {plural} an earlier configuration: no draw gave a new one")
    if is_used_up(folder, trials):
        lines.append(_used_up(folder))
    return lines


def _used_up(folder: SweepDir) -> str:
    space = make_space(folder.sweep.config)
    assert space is not None
    start = recorded_start(folder)
    runs = ", earlier runs included" if start.earlier else ""
    what = "The only configuration" if space.size == 1 else f"All {space.size} configurations"
    verb = "has" if space.size == 1 else "have"
    more = "" if start.allow_repeats else "; for more trials, give --allow-repeats and another folder"
    return f"{what} of the search space {verb} been tried{runs}{more}"
