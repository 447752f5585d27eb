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
        left_out = f"; left out: {describe_left_out(start.left_out)}" if start.left_out else ""
        runs = _count(len(start.earlier), "earlier run")
        lines.append(f"Starts from {runs} of {', '.join(start.sources)}{left_out}")
    if start.initial:
        lines.append(f"Tries {_count(len(start.initial), 'given configuration')} first")
    return lines


def describe_repeats(folder: SweepDir, trials: Sequence[Trial]) -> list[str]:
    """Return what became of suggestions that repeated a configuration, and whether there are others left."""
    redrawn = [found for number, found in read_redrawn(folder).items() if number < len(trials)]
    at_random = sum(found.end == Redrawn.AT_RANDOM for found in redrawn)
    repeated = sum(found.end == Redrawn.REPEATED for found in redrawn)
    lines = []
    if redrawn:
        draws = _count(sum(found.draws for found in redrawn), "suggestion")
        why = " of the new ones at random, because the search suggested only repeats"
        lines.append(
            f"{draws} repeated an earlier configuration and had to be drawn again"
            f"{f'; {at_random}{why}' if at_random else ''}"
        )
    if repeated:
        lines.append(
            f"{_count(repeated, 'trial')} had to repeat an earlier configuration: no draw gave a new one"
        )
    if is_used_up(folder, trials):
        lines.append(_used_up(folder))
    return lines


def _used_up(folder: SweepDir) -> str:
    space, start = make_space(folder.sweep.config), recorded_start(folder)
    assert space is not None
    size = space.size
    what = "The only configuration" if size == 1 else f"All {size} configurations"
    earlier = ", earlier runs included" if start.earlier else ""
    grid = folder.sweep.config["method"] == "grid"
    more = (
        "" if grid or start.allow_repeats else "; to try them again, give --allow-repeats and another folder"
    )
    return f"{what} of the search space {'has' if size == 1 else 'have'} been tried{earlier}{more}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
