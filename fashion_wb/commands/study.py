"""`fashion-wb study`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from fashion_wb.commands.options import PATH, POSITIVE, run_options, search_options
from fashion_wb.study import METHODS

_QUICK = {"trials": 4, "epochs": 2}
_FULL = {"trials": 10, "epochs": 10}


@click.command()
@click.option("--methods", default=",".join(METHODS), show_default=True, help="Comma-separated.")
@click.option("--trials", type=POSITIVE, help=f"Of each method.  [default: {_FULL['trials']}]")
@click.option("--epochs", type=POSITIVE, help=f"Of each trial.  [default: {_FULL['epochs']}]")
@click.option(
    "--quick", is_flag=True, help=f"A first look: {_QUICK['trials']} trials, {_QUICK['epochs']} epochs."
)
@click.option("--out", type=PATH, help="Where everything is kept.  [default: study, or study-quick]")
@search_options
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
    from analysis.local import search_record
    from analysis.outputs import write_comparison
    from fashion_wb.conditions import read_conditions, write_conditions
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
    folders = run_offline(placed, seed, None, run_options(PROJECT_ROOT, options), sys.stderr)
    searches = [search_record(folder) for folder in folders]
    click.echo(write_comparison(searches, out, conditions=read_conditions(out)))
