"""Lists of a project's sweeps and runs, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fashion_wb.server import Server
from fashion_wb.wandbpath import WandbPath

_PER_PAGE = 100


def nodes(
    server: Server, project: WandbPath, what: str, fields: str, filters: str | None = None
) -> Iterator[dict[str, Any]]:
    """The chosen fields of all of a project's sweeps or runs; nothing where there is no such project.

    Args:
        what: "sweeps" or "runs".
        fields: GraphQL, as between braces.
        filters: which runs, in W&B's filter language as JSON; not for sweeps, which older servers cannot
            filter.

    Raises:
        ServerError: as `Server.query`.
    """
    declared, given = ("", "") if filters is None else (", $filters: JSONString", ", filters: $filters")
    document = f"""
    query Push{what.capitalize()}($entity: String!, $project: String!, $cursor: String, $perPage: Int
        {declared}) {{
      project(name: $project, entityName: $entity) {{
        {what}(after: $cursor, first: $perPage{given}) {{
          edges {{ node {{ {fields} }} }}
          pageInfo {{ endCursor hasNextPage }}
        }}
      }}
    }}"""
    variables = {"entity": project.entity, "project": project.project, "perPage": _PER_PAGE}
    if filters is not None:
        variables["filters"] = filters
    cursor, more = None, True
    while more:
        found = server.query(document, cursor=cursor, **variables)["project"]
        if found is None:
            return
        yield from (edge["node"] for edge in found[what]["edges"])
        cursor, more = found[what]["pageInfo"]["endCursor"], found[what]["pageInfo"]["hasNextPage"]
