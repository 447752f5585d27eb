"""What a sweep starts from besides its file: read when it starts, recorded, and the same ever after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from fashion_wb.errors import FashionWbError
from fashion_wb.offline.start.earlier_runs import fit_runs, read_runs
from fashion_wb.offline.start.initial_file import read_initial
from fashion_wb.search.factory import start_search
from fashion_wb.search.no_repeats import Redrawn
from fashion_wb.search.protocol import Pruner, Sampler
from fashion_wb.search.space import Space, make_space
from fashion_wb.sweep_folder.start import (
    RedrawnTrial,
    Start,
    read_start,
    record_redrawn,
    write_start,
)
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.trial import Trial

Reader = Callable[[str, Path], Sequence[Trial]]


@dataclass(frozen=True)
class StartOptions:
    """What the user wants a sweep to start from.

    Attributes:
        initial: a file of configurations to try first; None for none. See `initial_file`.
        sources: where earlier runs are; see `earlier_runs.read_runs`.
        allow_repeats: whether a configuration may be tried twice.
        seed_parameter: the parameter that gets the training seed; earlier runs may have other seeds.
    """

    initial: Path | None = None
    sources: tuple[str, ...] = ()
    allow_repeats: bool = False
    seed_parameter: str | None = "seed"


# A sweep that starts from its file alone.
NOTHING_MORE = StartOptions()


def make_reader(stream: TextIO) -> Reader:
    """Return a function like `read_runs` that reads each source once; `stream` gets the progress."""
    known: dict[str, Sequence[Trial]] = {}

    def read(source: str, own: Path) -> Sequence[Trial]:
        # Only a folder can hold the sweep's own one, which has no runs yet.
        if source not in known:
            known[source] = read_runs(source, own, stream)
        return known[source]

    return read


def open_start(folder: SweepDir, options: StartOptions, read: Reader) -> Start:
    """Return what a sweep starts from: read and recorded before its first trial, and then the same.

    Raises:
        FashionWbError: the sweep has started from something else; or, before its first trial, a file or
            source cannot be read or does not go with the sweep.
    """
    recorded = read_start(folder)
    wanted = _read_options(folder, options)
    if recorded is not None and _same(recorded, wanted):
        return recorded
    if any(folder.proposals.glob("config-*.yaml")):
        _check_same(folder, recorded or Start(), wanted)
        return recorded or Start()
    start = _with_earlier(folder, wanted, options.seed_parameter, read)
    if recorded is not None or start != Start():
        write_start(start, folder)
    return recorded_start(folder)


def read_wanted(folder: SweepDir, options: StartOptions, read: Reader) -> Start:
    """Return what a sweep without trials would start from; nothing is written, and `folder` need not exist.

    Raises:
        FashionWbError: a file or source cannot be read or does not go with the sweep.
    """
    return _with_earlier(folder, _read_options(folder, options), options.seed_parameter, read)


def recorded_start(folder: SweepDir) -> Start:
    """Return what a sweep in progress starts from."""
    return read_start(folder) or Start()


def search_of(folder: SweepDir) -> tuple[Sampler, Pruner]:
    """Build the search of a sweep in its folder, with what it starts from.

    Suggestions that it turns down are counted in the folder.

    Raises:
        FashionWbError: as `factory.start_search`, or the record is damaged.
    """

    def report(number: int, draws: int, end: Redrawn) -> None:
        record_redrawn(number, RedrawnTrial(draws, end), folder)

    return start_search(folder.sweep, folder.sweep_id, folder.seed, recorded_start(folder), report)


def _read_options(folder: SweepDir, options: StartOptions) -> Start:
    initial: tuple[Any, ...] = ()
    if options.initial is not None:
        space = _known_space(folder, "--initial")
        initial = read_initial(options.initial, space, options.allow_repeats)
    return Start(initial, options.sources, allow_repeats=options.allow_repeats)


def _with_earlier(folder: SweepDir, wanted: Start, seed_parameter: str | None, read: Reader) -> Start:
    if not wanted.sources:
        return wanted
    space, metric = _known_space(folder, "--warm-start"), folder.sweep.metric
    if metric is None:
        raise FashionWbError(
            f"--warm-start {wanted.sources[0]}: the sweep file needs metric: {{name: ..., goal: minimize}}, "
            "the result that earlier runs are read for"
        )
    earlier: list[Trial] = []
    left_out: Counter[str] = Counter()
    for source in wanted.sources:
        fitting, others = fit_runs(source, read(source, folder.root), space, metric, seed_parameter)
        # Sources may overlap: a folder, and the sweep that was pushed from it.
        known = {run.run_id for run in earlier}
        earlier += [run for run in fitting if run.run_id not in known]
        left_out += others
    return Start(wanted.initial, wanted.sources, tuple(earlier), dict(left_out), wanted.allow_repeats)


def _known_space(folder: SweepDir, option: str) -> Space:
    space = make_space(folder.sweep.config)
    if space is None:
        raise FashionWbError(
            f"{option}: scheduler.search_space is a function, so configurations cannot be checked against "
            "the space; declare it in parameters"
        )
    return space


def _same(recorded: Start, wanted: Start) -> bool:
    return not _differences(recorded, wanted)


def _differences(recorded: Start, wanted: Start) -> list[str]:
    pairs = {
        "--initial": (recorded.initial, wanted.initial),
        "--warm-start": (recorded.sources, wanted.sources),
        "--allow-repeats": (recorded.allow_repeats, wanted.allow_repeats),
    }
    return [
        f"  {name} was {_text(was)}, is now {_text(now)}" for name, (was, now) in pairs.items() if was != now
    ]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "given" if value else "not given"
    return ", ".join(map(str, value)) or "not given"


def _check_same(folder: SweepDir, recorded: Start, wanted: Start) -> None:
    differences = _differences(recorded, wanted)
    if differences:
        lines = "\n".join(differences)
        raise FashionWbError(
            f"{folder.root}: holds a sweep that started otherwise. The differences:\n{lines}\n"
            "Give another folder (--dir, or --out for a study), or the options it started with."
        )
