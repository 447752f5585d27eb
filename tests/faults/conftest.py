"""The fixture `fault`, and the file of what all faults showed."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest
from fault_cases import SECTIONS, Fault

_PROPERTY = "fault"
_began = time.time()
_rows: dict[tuple[str, str], dict] = {}


@pytest.fixture
def fault(request):
    """The fault that the test makes happen; see `fault_cases`."""
    marker = request.node.get_closest_marker("fault")
    section, name = marker.args
    assert section in SECTIONS
    found = Fault(
        full=request.config.getoption("--full"),
        generator=random.Random(f"{request.config.getoption('--fault-seed')} {request.node.name}"),
    )
    row = {"section": section, "name": name, **marker.kwargs, "seen": found.seen}
    request.node.user_properties.append((_PROPERTY, row))
    return found


def pytest_runtest_logreport(report):
    """Collect what the tests saw; with several processes, this runs in the first one too."""
    row = dict(report.user_properties).get(_PROPERTY)
    if row is None or (report.when != "call" and report.passed):
        return
    new = row | {"seen": [], "outcome": "passed", "seconds": 0}
    kept = _rows.setdefault((row["section"], row["name"]), new)
    kept["seen"].extend(row["seen"] if report.when == "call" else [])
    kept["seconds"] += report.duration
    if report.outcome != "passed" and kept["outcome"] != "failed":
        kept["outcome"] = report.outcome
        if report.skipped:
            kept["seen"].append(f"not tried: {report.longrepr[2].removeprefix('Skipped: ')}")


def pytest_sessionfinish(session):
    """Write the rows, in the order of the sections."""
    path = session.config.getoption("--fault-results")
    if path is None or hasattr(session.config, "workerinput"):
        return
    rows = sorted(_rows.values(), key=lambda row: (SECTIONS.index(row["section"]), row["name"]))
    found = {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "seed": session.config.getoption("--fault-seed"),
        "full": session.config.getoption("--full"),
        "minutes": round((time.time() - _began) / 60, 1),
        "faults": [row | {"seconds": round(row["seconds"], 1)} for row in rows],
    }
    Path(path).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
