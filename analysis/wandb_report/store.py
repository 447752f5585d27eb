"""Save the report on W&B's server, find it again, and share it by a link."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.wandb_report.report import LONGEST_TITLE, MARK
from analysis.wandb_report.reports_package import gql, internal, wr
from fashion_wb.errors import FashionWbError
from fashion_wb.server.connection import Server
from fashion_wb.server.errors import ServerError, Unanswered, translated_errors
from fashion_wb.server.pages import get_project
from fashion_wb.server.path import WandbPath

_REPORTS = """query ProjectReports($project: String!, $entity: String!, $cursor: String, $perPage: Int) {
  project(name: $project, entityName: $entity) {
    allViews(viewType: "runs", first: $perPage, after: $cursor) {
      edges { node { id name displayName description createdAt } cursor }
      pageInfo { hasNextPage }
    }
  }
}"""
_PER_PAGE = 50
_ATTEMPTS = 3


@dataclass(frozen=True)
class SavedReport:
    """A report that the server has.

    Attributes:
        url: its address in the browser.
        created: whether this call created it; otherwise it updated it.
        handle: the report without its contents, as W&B's library needs it to share it.
    """

    url: str
    created: bool
    handle: wr.Report


def save_report(server: Server, path: WandbPath, report: wr.Report) -> SavedReport:
    """Save `report`, or put its contents into the existing report, which keeps its title and description.

    This does not use W&B's own `Report.save`. That repeats a creation whose answer was lost, which makes a
    second report, and creates a project if it sees none. Here a creation is sent once. If no answer comes,
    the project's reports show whether it succeeded. If something on the way repeated it, the second report
    is deleted.

    Raises:
        Unanswered: it is unknown whether the report was saved.
        ServerError: the server refused, or an error of `Server.query`.
    """
    spec = _spec(report, _internal_project(server, path))
    fields = {"entityName": path.entity, "projectName": path.project, "type": "runs", "spec": spec}
    new = {"name": secrets.token_hex(6), "displayName": report.title, "description": report.description}
    for attempt in range(_ATTEMPTS):
        found = _find(server, path)
        if found is not None:
            kept = {name: found[name] for name in ("id", "name", "displayName", "description")}
            server.query(gql.upsert_view, **fields, **kept)
            if attempt > 0:
                _delete_others(server, path, new["name"], found["id"])
            return _saved(server, path, found, created=attempt > 0)
        try:
            made = server.query_once(gql.upsert_view, **fields, **new)["upsertView"]["view"]
        except Unanswered:
            continue
        _delete_others(server, path, new["name"], made["id"])
        return _saved(server, path, made, created=True)
    raise Unanswered(
        f"W&B at {server.url} did not answer: the report on {path} may be saved or not. Run the command "
        "again: it finds the report if it was saved"
    )


def share_report(server: Server, saved: SavedReport) -> str:
    """Get a link by which anybody can view the report: the existing one, or a new one.

    Raises:
        ServerError: the server does not allow it, or does not answer.
    """
    try:
        with translated_errors(server.url):
            return str(saved.handle.enable_share_link())
    # W&B's library raises RuntimeError if the server refuses without a reason.
    except (ServerError, RuntimeError) as error:
        raise ServerError(
            f"the report is saved, but has no link to share it: {error}. Links may be disabled for this team "
            "or server, or need another role. Anyone who can see the project can open the address above"
        ) from None


def unshare_report(server: Server, path: WandbPath) -> str:
    """Revoke the links of the project's report, and say in a sentence what was done.

    Raises:
        FashionWbError: there is no report, or a link could not be revoked.
    """
    found = _find(server, path)
    if found is None:
        raise FashionWbError(f"{path} has no report made by fashion-wb")
    saved = _saved(server, path, found)
    with translated_errors(server.url):
        if saved.handle.get_share_url() is None:
            return f"The report has no link to revoke: {saved.url}"
        if not saved.handle.disable_share_link():
            raise FashionWbError(
                f"W&B did not revoke a link of {saved.url}: revoke it in the browser, under Share"
            )
    return f"The link is revoked; the report stays: {saved.url}"


def _saved(server: Server, path: WandbPath, view: Mapping[str, Any], created: bool = False) -> SavedReport:
    # The address contains the current title, but W&B reads only the id at its end.
    words = re.sub(r"[^A-Za-z0-9]+", "-", view["displayName"] or "")[:LONGEST_TITLE]
    handle = wr.Report(entity=path.entity, project=path.project, title=words)
    handle.id = view["id"]
    with translated_errors(server.url):
        return SavedReport(str(handle.url), created, handle)


def _delete_others(server: Server, path: WandbPath, name: str, kept: str) -> None:
    """Delete the reports of this `name`, which no other has, except the one with the id `kept`."""
    for view in list(_reports(server, path)):
        if view["name"] == name and view["id"] != kept:
            server.query(gql.delete_view, id=view["id"], deleteDrafts=True)


def _find(server: Server, path: WandbPath) -> dict[str, Any] | None:
    ours = [view for view in _reports(server, path) if MARK in (view["description"] or "")]
    return min(ours, key=lambda view: (view["createdAt"], view["id"]), default=None)


def _reports(server: Server, path: WandbPath) -> Iterator[dict[str, Any]]:
    cursor, more = None, True
    while more:
        answer = server.query(
            _REPORTS, entity=path.entity, project=path.project, cursor=cursor, perPage=_PER_PAGE
        )
        page = get_project(answer, server, path)["allViews"]
        yield from (edge["node"] for edge in page["edges"])
        more = page["pageInfo"]["hasNextPage"] and bool(page["edges"])
        cursor = page["edges"][-1]["cursor"] if more else None


def _internal_project(server: Server, path: WandbPath) -> internal.Project:
    answer = server.query(gql.projectInternalId, entityName=path.entity, projectName=path.project)
    number = get_project(answer, server, path)["internalId"]
    return internal.Project(name=path.project, entity_name=path.entity, id=number)


def _spec(report: wr.Report, project: internal.Project) -> str:
    """Convert the report to what W&B stores, with the project in every runset.

    A project given to the runsets themselves would be looked up once for each of them.
    """
    # wandb-workspaces has no types for `_to_model`.
    untyped: Any = report
    spec = untyped._to_model().spec
    for block in spec.blocks:
        if isinstance(block, internal.PanelGrid):
            for runset in block.metadata.run_sets:
                runset.project = project
    return str(spec.model_dump_json(by_alias=True, exclude_none=True))
