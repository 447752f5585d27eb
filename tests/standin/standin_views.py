"""The stand-in's reports, which W&B calls views, and the links that share them."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from standin_graphql import Arguments, Fields
from standin_state import ENTITY, Refused, State, now


@dataclass
class Link:
    """An access token and the projects that it gives access to."""

    token: str
    projects: list[dict[str, str]]
    revoked: str | None = None


@dataclass
class View:
    """A report.

    Attributes:
        kind: "runs" for a report, "runs/draft" for a draft of one.
        title: its displayName.
        spec: its contents as the client sent them, in JSON.
    """

    key: str
    project: str
    kind: str
    name: str | None = None
    title: str | None = None
    description: str | None = None
    spec: str = "{}"
    created: str = field(default_factory=now)
    updated: str = field(default_factory=now)
    links: list[Link] = field(default_factory=list)


class Views:
    """Answers requests about reports; `project` gives a project's fields."""

    def __init__(self, state: State, project: Callable[[str], Fields]) -> None:
        self._state = state
        self._project = project
        self._numbers = itertools.count(1001)

    def find(self, arguments: Arguments) -> Fields | None:
        """Find a report by its id."""
        view = self._state.views.get(arguments.pop("id"))
        return view and self._fields(view)

    def mutations(self) -> tuple[Callable[[Arguments], Any], ...]:
        """Return the mutations of reports."""
        return (
            self._upsert_view,
            self._delete_view,
            self._create_access_token,
            self._update_access_token_projects,
            self._revoke_access_token,
        )

    def _upsert_view(self, given: Arguments) -> Fields:
        key, project = given.pop("id", None), given.pop("projectName")
        _check(given.pop("entityName") == ENTITY and project in self._state.projects, "project not found")
        given.pop("createdUsing")
        inserted = key is None
        if inserted:
            key = base64.b64encode(f"View:{next(self._numbers)}".encode()).decode()
            self._state.views[key] = View(key, project, given.pop("type"))
        _check(key in self._state.views, "view not found")
        view = self._state.views[key]
        view.kind = given.pop("type", view.kind)
        view.name, view.title = given.pop("name", view.name), given.pop("displayName", view.title)
        view.description, view.spec = given.pop("description", view.description), given.pop("spec")
        view.updated = now()
        return {"view": self._fields(view), "inserted": inserted}

    def _delete_view(self, given: Arguments) -> Fields:
        given.pop("deleteDrafts", None)
        found = self._state.views.pop(given.pop("id"), None)
        return {"success": found is not None, "pendingDrafts": False, "__typename": "DeleteViewPayload"}

    def _create_access_token(self, given: Arguments) -> Fields:
        _check(self._state.may_share, "sharing by link is disabled for this organization")
        links = self._state.views[given.pop("viewId")].links
        links.append(Link(f"token{len(links)}", given.pop("projects")))
        return {"accessToken": _link(links[-1])}

    def _update_access_token_projects(self, given: Arguments) -> Fields:
        link = self._link_of(given.pop("token"))
        link.projects = given.pop("projects")
        return {"success": True}

    def _revoke_access_token(self, given: Arguments) -> Fields:
        self._link_of(given.pop("token")).revoked = now()
        return {"success": True}

    def _link_of(self, token: str) -> Link:
        return next(link for view in self._state.views.values() for link in view.links if link.token == token)

    def _fields(self, view: View) -> Fields:
        return {
            "id": view.key,
            "type": view.kind,
            "name": view.name,
            "displayName": view.title,
            "description": view.description,
            "project": lambda _: self._project(view.project),
            "spec": view.spec,
            "createdAt": view.created,
            "updatedAt": view.updated,
            "accessTokens": lambda _: [_link(link) for link in view.links],
        }

    def of_project(self, project: str, arguments: Arguments) -> Fields:
        """Return a page of a project's reports, newest first."""
        kind = arguments.pop("viewType")
        found = [each for each in self._state.views.values() if (each.project, each.kind) == (project, kind)]
        start = int(arguments.pop("after", None) or 0)
        end = start + arguments.pop("first")
        edges = [
            {"node": self._fields(view), "cursor": str(position)}
            for position, view in enumerate(found[::-1][start:end], start=start + 1)
        ]
        return {"edges": edges, "pageInfo": {"hasNextPage": end < len(found), "endCursor": str(end)}}


def _link(link: Link) -> Fields:
    projects = [{"entityName": each["entityName"], "name": each["projectName"]} for each in link.projects]
    return {"token": link.token, "type": "PUBLIC", "revokedAt": link.revoked, "projects": projects}


def _check(true: bool, otherwise: str) -> None:
    if not true:
        raise Refused(otherwise)
