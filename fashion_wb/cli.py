"""The command line: options, one call, one print."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from fashion_wb.errors import FashionWbError, Interrupted
from fashion_wb.study import METHODS

PATH = click.Path(path_type=Path)
POSITIVE = click.IntRange(min=1)
SEED = click.IntRange(min=0, max=2**31 - 1)

_QUICK = {"trials": 4, "epochs": 2}
_FULL = {"trials": 10, "epochs": 10}


class _Group(click.Group):
    """Turns the project's errors into one line on stderr and an exit status; the only place that does."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FashionWbError as error:
            label = "" if isinstance(error, Interrupted) else "Error: "
            click.echo(f"{label}{error}", err=True)
            ctx.exit(error.exit_code)
        except OSError as error:
            # A full disk, a folder that may not be written: the user's to mend, wherever it struck.
            click.echo(f"Error: {error.filename or 'input or output'}: {error.strerror or error}", err=True)
            ctx.exit(1)


def _running(command: Callable[..., None]) -> Callable[..., None]:
    """The options that every command that runs trials takes."""
    for option in (
        click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the search."),
        click.option("--workers", type=POSITIVE, help="Trials at once.  [default: one a core]"),
        click.option("--data-dir", type=PATH, help="Where Fashion-MNIST is, if not where it is looked for."),
        click.option(
            "--patience",
            type=click.FloatRange(min=0, min_open=True),
            default=1800.0,
            show_default=True,
            help="Seconds without a logged value after which a trial counts as hung.",
        ),
        click.option(
            "--cold", is_flag=True, help="Start each trial as a fresh process, as wandb agent does."
        ),
    ):
        command = option(command)
    return command


@click.group(cls=_Group)
@click.version_option(package_name="fashion-wb")
def main() -> None:
    """Hyperparameter searches on Fashion-MNIST with W&B, online or fully offline, compared with evidence."""


@main.command()
@click.option("--data-dir", type=PATH, help="Where to look first.  [default: FASHION_WB_DATA]")
def data(data_dir: Path | None) -> None:
    """Find or fetch Fashion-MNIST and verify it."""
    from fashion_wb import datafiles

    click.echo(f"Fashion-MNIST, verified: {datafiles.ensure(data_dir)}")


@main.command()
@click.argument("file", type=PATH)
@click.option("--count", type=POSITIVE, help="Most trials; the file's run_cap holds as well.")
@click.option(
    "--dir", "directory", type=PATH, default=Path("runs"), show_default=True, help="Where runs are kept."
)
@_running
def sweep(file: Path, count: int | None, directory: Path, seed: int, **options: Any) -> None:
    """Run the W&B sweep file FILE offline; the same command again goes on where it stopped.

    Every trial is an ordinary W&B offline run under DIR/NAME/wandb, where NAME is the file's own name.
    """
    from fashion_wb.run import run_offline
    from fashion_wb.sweepfile import read_sweep

    folder = directory / file.stem
    parsed = read_sweep(file)
    run_offline([(folder, parsed)], seed, count, _options(Path.cwd(), options), sys.stderr)
    click.echo(_summary(folder))


@main.command()
@click.option("--methods", default=",".join(METHODS), show_default=True, help="Comma-separated.")
@click.option("--trials", type=POSITIVE, help=f"Of each method.  [default: {_FULL['trials']}]")
@click.option("--epochs", type=POSITIVE, help=f"Of each trial.  [default: {_FULL['epochs']}]")
@click.option(
    "--quick", is_flag=True, help=f"A first look: {_QUICK['trials']} trials, {_QUICK['epochs']} epochs."
)
@click.option("--out", type=PATH, help="Where everything is kept.  [default: study, or study-quick]")
@_running
def study(
    methods: str,
    trials: int | None,
    epochs: int | None,
    quick: bool,
    out: Path | None,
    seed: int,
    **options: Any,
) -> None:
    """Run every method's sweep offline under one budget, then compare them."""
    from fashion_wb.conditions import write_conditions
    from fashion_wb.run import cores, run_offline
    from fashion_wb.study import study_sweeps
    from fashion_wb.sweepfile import PROJECT_ROOT

    budget = _QUICK if quick else _FULL
    trials = budget["trials"] if trials is None else trials
    epochs = budget["epochs"] if epochs is None else epochs
    out = out or Path("study-quick" if quick else "study")
    names = [name.strip() for name in methods.split(",") if name.strip()]
    sweeps = study_sweeps(names, trials, epochs, seed)
    click.echo(
        f"{len(sweeps)} methods x {trials} trials x {epochs} epochs at most; runs under {out}/sweeps",
        err=True,
    )
    write_conditions(out, trials=trials, epochs=epochs, seed=seed, workers=options["workers"] or cores())
    placed = [(out / "sweeps" / sweep.name, sweep) for sweep in sweeps]
    folders = run_offline(placed, seed, None, _options(PROJECT_ROOT, options), sys.stderr)
    _compare(folders, out)


@main.command()
@click.argument("directories", metavar="DIR...", nargs=-1, required=True, type=PATH)
@click.option("--out", type=PATH, default=Path("comparison"), show_default=True, help="Where to write.")
def compare(directories: tuple[Path, ...], out: Path) -> None:
    """Compare the offline sweeps at or below each DIR: tables, pictures, and what they can show."""
    from fashion_wb.sweepdir import find_sweep_dirs

    folders = [folder for directory in directories for folder in find_sweep_dirs(directory)]
    known = {method: position for position, method in enumerate(METHODS)}
    _compare(sorted(folders, key=lambda folder: known.get(folder.sweep.name, len(known))), out)


def _options(cwd: Path, options: dict[str, Any]) -> Any:
    from fashion_wb.run import RunOptions

    cold = options.pop("cold")
    return RunOptions(cwd=cwd, warm=not cold, **options)


def _compare(folders: list[Any], out: Path) -> None:
    from analysis.local import search_record
    from analysis.outputs import write_comparison

    click.echo(write_comparison([search_record(folder) for folder in folders], out))


def _summary(folder: Path) -> str:
    from fashion_wb.summary import summarise

    return summarise(folder)
