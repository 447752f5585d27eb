"""What a study searches: a sweep for each method, the directory that trials run in, and its defaults."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fashion_wb.errors import FashionWbError
from fashion_wb.study.methods import PROJECT_ROOT, read_method, sweep_path
from fashion_wb.sweepfile.parameters import has_parameter
from fashion_wb.sweepfile.program import Program, read_program
from fashion_wb.sweepfile.sweep import Sweep, read_sweep

SEED_PARAMETER = "seed"


@dataclass(frozen=True)
class Subject:
    """What a study searches.

    Attributes:
        name: its name, for messages.
        sweeps: by method, in the order of tables, the sweep that the method searches: complete but for the
            name, the number of trials and the seed.
        cwd: the directory that trials run in.
    """

    name: str
    sweeps: Mapping[str, Sweep]
    cwd: Path

    @property
    def program(self) -> Program | None:
        """What the sweep's Python program declares; None if there is none."""
        script = next(iter(self.sweeps.values())).script(self.cwd)
        # A missing program is an error of what runs it; a replay runs none.
        return None if script is None or not script.is_file() else read_program(script)

    def has(self, name: str) -> bool:
        """Tell whether trials have a parameter `name`: every sweep has it, or the program takes it.

        Raises:
            FashionWbError: the program's hook cannot be imported.
        """
        if all(has_parameter(sweep.config["parameters"], name) for sweep in self.sweeps.values()):
            return True
        program = self.program
        return program is not None and program.takes(name)

    def without(self, methods: Collection[str]) -> Subject:
        """Return the same subject for the other methods."""
        kept = {method: sweep for method, sweep in self.sweeps.items() if method not in methods}
        return replace(self, sweeps=kept)


def subject_of(sweep: Sweep, file: Path, methods: Sequence[str]) -> Subject:
    """Return a user's sweep, searched by each of `methods`, from the current directory.

    Args:
        sweep: the content of the sweep file; how it says to search does not matter.
        file: the path of the file, for messages.
        methods: names of files in `sweeps/`, or paths of sweep files; each at most once.

    Raises:
        FashionWbError: the sweep has no metric, or a method is unknown or repeated.
    """
    if sweep.metric is None:
        raise FashionWbError(
            f"{file}: a study compares by a metric; add metric: {{name: ..., goal: minimize}}"
        )
    found = [read_method(method) for method in methods]
    _check_names([method.name for method in found])
    sweeps = {method.name: method.applied_to(sweep) for method in found}
    return Subject(str(file), sweeps, Path.cwd())


def own_subject(methods: Sequence[str], trains: bool = True) -> Subject:
    """Return this project's own subject: `train.py`, with each method's file in `sweeps/` as it is.

    The files have the same search space, but for grid's, whose points are listed.

    Args:
        methods: as for `subject_of`.
        trains: whether its trials will train, for which `train.py` is needed.

    Raises:
        FashionWbError: a method is unknown or repeated, or this is not a checkout, which has `train.py`.
    """
    if trains and not (PROJECT_ROOT / "train.py").is_file():
        raise FashionWbError(
            "fashion-wb study needs the sweep file to study: without one it studies train.py, which only a "
            "checkout of this project has"
        )
    found = [(read_method(method), read_sweep(sweep_path(method))) for method in methods]
    _check_names([method.name for method, _ in found])
    sweeps = {method.name: method.applied_to(sweep) for method, sweep in found}
    return Subject("train.py", sweeps, PROJECT_ROOT)


def seed_parameter(subject: Subject, given: str | None) -> str | None:
    """Return the parameter that gets a trial's seed; None if trials have none.

    Args:
        subject: what is searched.
        given: the user's choice; None takes `seed` where the sweep or the program has it.

    Raises:
        FashionWbError: the program declares its parameters, and `given` is not among them.
    """
    if given is None:
        return SEED_PARAMETER if subject.has(SEED_PARAMETER) else None
    program = subject.program
    declared = None if program is None else program.parameters()
    if declared is not None and not subject.has(given):
        raise FashionWbError(f"--seed-parameter {given}: the program takes {', '.join(declared)}")
    return given


def _check_names(methods: Sequence[str]) -> None:
    if not methods:
        raise FashionWbError("a study needs at least one method")
    if len(set(methods)) < len(methods):
        raise FashionWbError(f"each method may be named only once, got {', '.join(methods)}")
