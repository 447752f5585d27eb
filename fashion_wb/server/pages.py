"""List a project's sweeps and runs on W&B's server, page by page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fashion_wb.server.connection import Server
from fashion_wb.server.errors import NotFound, ServerError
from fashion_wb.server.path import WandbPath


def iter_sweeps(server: Server, path: WandbPath, fields: str) -> Iterator[dict[str, Any]]:
    """Yield the chosen fields of all sweeps of a project; one request per hundred.

    Args:
        path: the project; a sweep in it is ignored.
        fields: GraphQL, the part between braces.

    Raises:
        NotFound: no such project for this account.
        ServerError: as `Server.query`, or the server sends the same page again and again.
    """
    # No filters: older servers do not support them for sweeps.
    document = f"""
    query ProjectSweeps($entity: String!, $project: String!, $cursor: String, $perPage: Int) {{
      project(name: $project, entityName: $entity) {{
        sweeps(after: $cursor, first: $perPage) {{
          edges {{ node {{ {fields} }} }}
          pageInfo {{ endCursor hasNextPage }}
        }}
      }}
    }}"""
    return _nodes(server, path, document, "sweeps", perPage=100)


def iter_runs(
    server: Server,
    path: WandbPath,
    fields: str,
    filters: Mapping[str, Any],
    per_page: int,
    **variables: Any,
) -> Iterator[dict[str, Any]]:
    """Yield the chosen fields of a project's runs, oldest first.

    Args:
        path: the project; a sweep in it is ignored.
        fields: GraphQL, the part between braces; it may use `variables`.
        filters: which runs, in W&B's filter language.
        per_page: runs per request.
        variables: integers.

    Raises:
        NotFound: no such project for this account.
        ServerError: as `Server.query`.
    """
    declared = "".join(f", ${name}: Int" for name in variables)
    document = f"""
    query ProjectRuns($entity: String!, $project: String!, $filters: JSONString, $cursor: String,
        $perPage: Int{declared}) {{
      project(name: $project, entityName: $entity) {{
        runs(filters: $filters, after: $cursor, first: $perPage, order: "+created_at") {{
          edges {{ node {{ {fields} }} }}
          pageInfo {{ endCursor hasNextPage }}
        }}
      }}
    }}"""
    chosen = json.dumps(dict(filters))
    return _nodes(server, path, document, "runs", filters=chosen, perPage=per_page, **variables)


def get_project(answer: Mapping[str, Any], server: Server, path: WandbPath) -> dict[str, Any]:
    """Return the project in a query's answer.

    Raises:
        NotFound: the answer has none.
    """
    found: dict[str, Any] | None = answer["project"]
    if found is None:
        raise NotFound(
            f"W&B at {server.url} knows no project {path.project_path}, or this account may not see it; "
            "check the names of entity and project"
        )
    return found


def _nodes(
    server: Server, path: WandbPath, document: str, what: str, **variables: Any
) -> Iterator[dict[str, Any]]:
    cursor, more = None, True
    while more:
        answer = server.query(document, entity=path.entity, project=path.project, cursor=cursor, **variables)
        page = get_project(answer, server, path)[what]
        yield from (edge["node"] for edge in page["edges"])
        before, cursor, more = cursor, page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        if more and (cursor is None or cursor == before):
            raise ServerError(f"W&B at {server.url} says that there are more {what}, but sends the same page")
