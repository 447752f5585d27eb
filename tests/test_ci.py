"""What runs on every push: the two commands a user has, without an account, on the Pythons we support."""

from __future__ import annotations

import os
import re
import tomllib

import yaml
from sweep_cases import ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"


def test_the_script_trains_with_wandb_offline_and_runs_the_tests_as_the_readme_says():
    script = (ROOT / ".ci" / "run").read_text()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    lines = [line for line in script.splitlines() if not line.startswith("#")]
    assert lines.index("export WANDB_MODE=offline") < lines.index("make test") < lines.index("make test-long")
    assert any(line.startswith("make study ") for line in lines)
    assert "make lint" in lines


def test_the_workflow_runs_that_script_on_every_python_we_support_and_needs_no_secret():
    text = WORKFLOW.read_text()
    job = yaml.safe_load(text)["jobs"]["test"]
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    required = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert required == ">=3.11,<3.13" and job["strategy"]["matrix"]["python"] == ["3.11", "3.12"]
    assert "secrets." not in text and "WANDB_API_KEY" not in text


def test_the_workflow_may_read_only_and_uses_actions_by_commit():
    workflow = yaml.safe_load(WORKFLOW.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    assert all("permissions" not in job for job in workflow["jobs"].values())
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    used = [step["uses"] for step in steps if "uses" in step]
    assert used and all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", name) for name in used)
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_packages_and_history_are_checked_by_pinned_tools():
    steps = yaml.safe_load(WORKFLOW.read_text())["jobs"]["security"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    assert "make audit" in commands and any(
        re.search(r"gitleaks/v8@v8\.\d+\.\d+ git ", one) for one in commands
    )
    assert re.search(r"pip-audit==\d", (ROOT / "Makefile").read_text())
    assert tomllib.loads((ROOT / ".gitleaks.toml").read_text())["extend"]["useDefault"]
