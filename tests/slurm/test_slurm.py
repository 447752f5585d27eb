"""The printed job script on a real Slurm: a sweep on two nodes that is cancelled, then continued."""

from __future__ import annotations

import pytest
from slurm_cases import call, ended, job_environment, results, submit, wait_for, wait_for_jobs, write_script
from slurm_cluster import missing, slurm
from sweep_cases import place, run, yaml

pytestmark = [pytest.mark.processes, pytest.mark.long, pytest.mark.skipif(missing() != "", reason=missing())]

SWEEP = yaml(method="bayes", more="run_cap: 8\n") + "  pause: {value: 0.3}\n  steps: {value: 4}\n"
OPTIONS = ("--parallel", "2", "--seed", "1")


@pytest.fixture(scope="module")
def env(tmp_path_factory):
    with slurm(tmp_path_factory.mktemp("slurm")) as found:
        yield job_environment(found)


def test_a_sweep_on_two_nodes_that_is_cancelled_and_submitted_again(env, tmp_path):
    place(tmp_path, SWEEP)
    write_script(tmp_path, "--time", "5", *OPTIONS, "--worker-options", "--workers 1")
    first = submit(env, tmp_path)
    wait_for(lambda: ended(tmp_path) >= 2)
    call(env, tmp_path, "scancel", first)
    wait_for_jobs(env, tmp_path)
    done = ended(tmp_path)
    second = submit(env, tmp_path)
    wait_for_jobs(env, tmp_path)
    said = (tmp_path / f"slurm-{second}.out").read_text()
    assert 2 <= done < 8 and "8 finished" in said, said
    near = tmp_path / "near"
    near.mkdir()
    place(near, SWEEP)
    assert run(near, "sweep", "sweep.yaml", "--workers", "2", *OPTIONS).returncode == 0
    assert results(tmp_path / "runs") == results(near)
