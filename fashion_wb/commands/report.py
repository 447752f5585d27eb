"""`fashion-wb report`."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

import click

from fashion_wb.commands.options import ALSO, MARGIN, joined_names
from fashion_wb.errors import FashionWbError
from fashion_wb.server.path import WandbPath, parse_path
from fashion_wb.study.plan import method_order

if TYPE_CHECKING:
    from analysis.wandb_report.store import SavedReport
    from fashion_wb.server.connection import Server


@click.command()
@click.argument("project", metavar="ENTITY/PROJECT")
@click.option(
    "--share/--unshare", default=None, help="Create a link for viewing without an account, or revoke it."
)
@ALSO
@MARGIN
def report(project: str, share: bool | None, also: tuple[tuple[str, ...], ...], margin: float | None) -> None:
    """Create or update the W&B report on a project's sweeps.

    --share prints a link with which anybody can view the report and the results of its runs without an
    account. --unshare revokes the link and does not change the report.
    """
    from analysis.wandb_report import store
    from fashion_wb.server.connection import connect

    path = parse_path(project)
    if path.sweep is not None:
        raise FashionWbError(f"{project}: a report covers all sweeps of a project: give {path.project_path}")
    server = connect()
    if share is False:
        click.echo(store.unshare_report(server, path))
        return
    saved = _save(server, path, joined_names(also), margin)
    click.echo(f"Report {'created' if saved.created else 'updated'}: {saved.url}")
    if share:
        click.echo(f"Anybody can view it with this link: {store.share_report(server, saved)}")
        click.echo(f"To revoke the link: fashion-wb report {shlex.quote(str(path))} --unshare")


def _save(server: Server, path: WandbPath, also: tuple[str, ...], margin: float | None) -> SavedReport:
    from datetime import UTC, datetime
    from importlib.metadata import version

    from analysis.evidence import gather
    from analysis.sources.remote import search_records
    from analysis.wandb_report.report import build_report
    from analysis.wandb_report.store import save_report
    from fashion_wb.study.reported import reported

    made = datetime.now(UTC)
    pulled = search_records(server, path, sys.stderr)
    searches = sorted(pulled.searches, key=lambda search: method_order(search.method))
    evidence = gather(searches, reported=reported(None, also, margin))
    built = build_report(evidence, path, pulled.left_out, version=version("fashion-wb"), made=made)
    return save_report(server, path, built)
