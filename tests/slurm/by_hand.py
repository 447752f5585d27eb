"""What takes Slurm minutes, and so is no test: a job that is requeued, and one that outlives its time limit.

    .venv/bin/python tests/slurm/by_hand.py

Each sweep runs on two nodes and, for comparison, on this machine. What it prints is kept in
docs/evidence/slurm.md.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "support")]

from slurm_cases import call, ended, job_environment, results, submit, wait_for, wait_for_jobs, write_script  # noqa: E402
from slurm_cluster import missing, slurm  # noqa: E402
from sweep_cases import place, run, yaml  # noqa: E402

OPTIONS = ("--parallel", "2", "--seed", "1")


def requeue(env, folder):
    """Requeue a job whose sweep is under way."""
    script(folder, trials=8, steps=4, time="5")
    job = submit(env, folder)
    wait_for(lambda: ended(folder) >= 2)
    print(f"  job {job} runs; trials ended: {ended(folder)}; scontrol requeue {job}")
    call(env, folder, "scontrol", "requeue", job)
    wait_for(lambda: state(env, folder) == "PENDING")
    print(f"  job {job} is pending; trials ended: {ended(folder)}")
    wait_for_jobs(env, folder, seconds=400)  # Slurm holds a requeued job back for two minutes
    show(folder, job)


def time_limit(env, folder):
    """Run a sweep that takes longer than its job may, and submit it until it is done."""
    script(folder, trials=24, steps=20, time="1")
    jobs = 0
    while ended(folder) < 24:
        began, job = time.monotonic(), submit(env, folder)
        wait_for_jobs(env, folder, seconds=240)
        jobs += 1
        print(f"  job {job} took {time.monotonic() - began:.0f} s; trials ended: {ended(folder)}")
        show(folder, job)
        assert jobs < 8
    assert jobs > 1


def script(folder, trials, steps, time):
    """Put the sweep and its job script into `folder`; each trial takes 0.3 s a step."""
    text = yaml(method="bayes", more=f"run_cap: {trials}\n")
    place(folder, text + f"  pause: {{value: 0.3}}\n  steps: {{value: {steps}}}\n")
    write_script(folder, "--time", time, *OPTIONS, "--worker-options", "--workers 1")


def state(env, folder):
    """Return the state of the only job."""
    return call(env, folder, "squeue", "--noheader", "--format", "%T").strip()


def show(folder, job):
    """Print what a job printed."""
    for line in (folder / f"slurm-{job}.out").read_text().splitlines():
        print(f"    {line.replace(str(folder), '.')}")


def compare(folder):
    """Run the same sweep on this machine, and compare."""
    near = folder / "near"
    near.mkdir()
    place(near, (folder / "sweep.yaml").read_text())
    assert run(near, "sweep", "sweep.yaml", "--workers", "2", *OPTIONS).returncode == 0
    assert results(folder / "runs") == results(near)
    print("  the same trials, suggestions and losses as on one machine")


def main():
    """Run both."""
    if missing():
        raise SystemExit(missing())
    with tempfile.TemporaryDirectory() as name, slurm(Path(name) / "slurm") as found:
        env = job_environment(found)
        print(call(env, Path(name), "sinfo", "--version").strip())
        for case in (requeue, time_limit):
            folder = Path(name) / case.__name__
            folder.mkdir()
            print(case.__doc__)
            case(env, folder)
            compare(folder)


if __name__ == "__main__":
    main()
