"""What runs on every push: the two commands a user has, without an account, on the Pythons we support."""

from __future__ import annotations

import os
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
