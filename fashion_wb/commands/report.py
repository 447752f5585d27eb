"""`fashion-wb report`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from fashion_wb.errors import FashionWbError
from fashion_wb.server.path import WandbPath, parse_path
from fashion_wb.study.plan import method_order

if TYPE_CHECKING:
    from analysis.wandb_report.store import SavedReport
    from fashion_wb.server.connection import Server


@click.command()
@click.argument("project", metavar="ENTITY/PROJECT")
@click.option(
    "--share/--unshare", default=None, help="Make a link for viewing without an account, or revoke it."
)
def report(project: str, share: bool | None) -> None:
    """Make the W&B report on a project's sweeps, or renew the one there is.

    --share prints a link by which anybody can view the report, and its runs' results, without an account;
    --unshare revokes it and leaves the report as it is.
    """
    from analysis.wandb_report import store
    from fashion_wb.server.connection import connect

    path = parse_path(project)
    if path.sweep is not None:
        raise FashionWbError(f"{project}: a report is on a project, all its sweeps: give {path.of_project}")
    server = connect()
    if share is False:
        click.echo(store.unshare_report(server, path))
        return
    saved = _save(server, path)
    click.echo(f"Report {'made' if saved.created else 'renewed'}: {saved.url}")
    if share:
        click.echo(f"Anybody can view it by this link: {store.share_report(server, saved)}")
        click.echo(f"To revoke the link: fashion-wb report {path} --unshare")


def _save(server: Server, path: WandbPath) -> SavedReport:
    from datetime import UTC, datetime
    from importlib.metadata import version

    from analysis.sources.remote import search_records
    from analysis.wandb_report.report import build_report
    from analysis.wandb_report.store import save_report

    made = datetime.now(UTC)
    pulled = search_records(server, path, sys.stderr)
    searches = sorted(pulled.searches, key=lambda search: method_order(search.method))
    built = build_report(searches, path, pulled.left_out, version=version("fashion-wb"), made=made)
    return save_report(server, path, built)
