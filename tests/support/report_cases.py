"""Run `fashion-wb report` and read the report back with W&B's own library."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from standin_cases import PROJECT
from standin_client import client_environment, run_client
from standin_server import Server
from standin_state import ENTITY

PATH = f"{ENTITY}/{PROJECT}"
# Reads a report by its address with W&B's own library, and deletes it if asked to.
_READ = """
import json, sys
import wandb_workspaces.reports.v2 as wr
report = wr.Report.from_url(sys.argv[1])
grids = [block for block in report.blocks if isinstance(block, wr.PanelGrid)]
print(json.dumps({
    "title": report.title,
    "headings": [block.text for block in report.blocks if isinstance(block, wr.H2)],
    "verdict": next(block.text for block in report.blocks if isinstance(block, wr.CalloutBlock)),
    "table": next(block.text for block in report.blocks if isinstance(block, wr.MarkdownBlock)),
    "notes": next(block.items for block in report.blocks if isinstance(block, wr.UnorderedList)),
    "panels": sorted({type(panel).__name__ for grid in grids for panel in grid.panels}),
    "projects": sorted({f"{runset.entity}/{runset.project}" for grid in grids for runset in grid.runsets}),
    "runsets": [(runset.name, runset.filters) for runset in grids[0].runsets],
}))
if "--delete" in sys.argv:
    assert report.delete()
"""


def report(server: Server, home: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `fashion-wb report` in the folder `home`."""
    return run_client(server.url, home, "report", *(arguments or [PATH]), **env)


def address(done: subprocess.CompletedProcess[str]) -> str:
    """Return the address of the report that the command printed."""
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[0].partition(": ")[2]


def read(server: Server, home: Path, url: str, *arguments: str) -> dict[str, Any]:
    """Return the contents of the report at `url`; `--delete` deletes it afterwards."""
    done = subprocess.run(
        [sys.executable, "-c", _READ, url, *arguments],
        env=client_environment(server.url, home),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found
