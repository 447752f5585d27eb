"""`fashion-wb ask` and `fashion-wb tell`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fashion_wb.commands.options import PATH, POSITIVE, SEED, load_sweep
from fashion_wb.commands.start_options import pick_start, start_options
from fashion_wb.errors import FashionWbError

if TYPE_CHECKING:
    from fashion_wb.offline.ask_tell import Answer


@click.command()
@click.argument("directory", metavar="DIR", type=PATH)
@click.option("--sweep", "file", type=PATH, help="The W&B sweep file; needed for the first trial only.")
@click.option("--count", type=POSITIVE, help="Maximum number of trials, with --sweep.")
@click.option("--parallel", type=POSITIVE, help="Trials that may be out at once, with --sweep.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Random seed, with --sweep.")
@click.option(
    "--home",
    type=PATH,
    help="Folder for the trial's files where it runs, if DIR is not there.  [default: DIR]",
)
@start_options
def ask(
    directory: Path,
    file: Path | None,
    count: int | None,
    parallel: int | None,
    seed: int,
    home: Path | None,
    **options: Any,
) -> None:
    """Take the next trial of the sweep in folder DIR, to run it with your own launcher.

    Prints JSON. state is trial, wait (tell a trial that is out first) or done. A trial has argv, env (null
    removes a variable), cwd, files (path to content, to be written first) and output.
    """
    from fashion_wb.offline.ask_tell import ask, open_ask
    from fashion_wb.offline.start.opening import NOTHING_MORE

    start = pick_start(options)
    if file is not None:
        open_ask(directory, load_sweep(file), seed, count, parallel, start, sys.stderr)
    elif start != NOTHING_MORE:
        raise FashionWbError("--initial, --warm-start and --allow-repeats: give them with --sweep")
    click.echo(json.dumps(_describe(ask(directory.resolve(), Path.cwd()), home), indent=2))


@click.command()
@click.argument("directory", metavar="DIR", type=PATH)
@click.argument("run")
@click.option("--attempt", type=POSITIVE, default=1, show_default=True, help="The attempt, as ask gave it.")
@click.option("--folder", type=PATH, help="The run's folder, offline-run-....  [default: it is in DIR]")
@click.option(
    "--status", type=int, help="The exit status, negative for a signal; without it the trial still runs."
)
@click.option("--lost", metavar="REASON", help="The trial will not end; it starts again.")
def tell(
    directory: Path, run: str, attempt: int, folder: Path | None, status: int | None, lost: str | None
) -> None:
    """Tell what a trial has logged, so far or for good.

    Prints JSON: the trial's state, whether you should stop it now, and why it failed or stops.
    """
    from fashion_wb.offline import ask_tell

    root, cwd, stop = directory.resolve(), Path.cwd(), False
    if lost is not None:
        if status is not None or folder is not None:
            raise FashionWbError("give --lost, or --folder and --status, not both")
        trial = ask_tell.tell_lost(root, cwd, run, attempt, lost)
    else:
        trial, stop = ask_tell.tell(root, cwd, run, attempt, folder, status)
    answer = {"run": run, "state": trial.state, "reason": trial.reason, "stop": stop}
    click.echo(json.dumps(answer, indent=2))


def _describe(answer: Answer, home: Path | None) -> dict[str, Any]:
    if answer.launch is None:
        return {"state": answer.state}
    texts = {path.relative_to(answer.launch.home): path.read_text() for path in answer.launch.files}
    launch = answer.launch if home is None else answer.launch.moved(home)
    return {
        "state": answer.state,
        "run": launch.key,
        "attempt": launch.attempt,
        "argv": list(launch.argv),
        "env": dict(launch.env),
        "cwd": str(launch.cwd),
        "files": {str(launch.home / name): text for name, text in texts.items()},
        "output": str(launch.output),
    }
