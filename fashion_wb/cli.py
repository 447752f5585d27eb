"""The command line, and the one place that turns errors into messages."""

from __future__ import annotations

from typing import Any

import click

from fashion_wb.commands.agent import agent
from fashion_wb.commands.ask import ask, tell
from fashion_wb.commands.compare import compare
from fashion_wb.commands.data import data
from fashion_wb.commands.export import export
from fashion_wb.commands.push import push
from fashion_wb.commands.report import report
from fashion_wb.commands.slurm_script import slurm_script
from fashion_wb.commands.study_command.command import study
from fashion_wb.commands.sweep import sweep
from fashion_wb.commands.view_command.command import view
from fashion_wb.commands.worker import worker
from fashion_wb.errors import FashionWbError, Interrupted, explain_os_error
from fashion_wb.foreign_text import plain_output
from fashion_wb.standard_streams import repair


class _Group(click.Group):
    """Turns the project's errors into a message on stderr and an exit status."""

    def main(self, *args: Any, **extra: Any) -> Any:
        repair()
        return super().main(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with plain_output():
            return self._invoke(ctx)

    def _invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FashionWbError as error:
            label = "" if isinstance(error, Interrupted) else "Error: "
            click.echo(f"{label}{error}", err=True)
            ctx.exit(error.exit_code)
        except OSError as error:
            # A full disk or a read-only folder, for example: the user can fix it, wherever it happened.
            click.echo(f"Error: {explain_os_error(error)}", err=True)
            ctx.exit(1)


@click.group(cls=_Group)
@click.version_option(package_name="fashion-wb")
def main() -> None:
    """Run hyperparameter searches on Fashion-MNIST with W&B, online or offline, and compare them."""


for command in (
    data,
    sweep,
    study,
    worker,
    slurm_script,
    ask,
    tell,
    view,
    compare,
    export,
    push,
    report,
    agent,
):
    main.add_command(command)
