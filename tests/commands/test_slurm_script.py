"""`fashion-wb slurm-script`: what it prints, and what it refuses."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from fashion_wb.cli import main

SWEEP = "method: random\nprogram: fit.py\nparameters: {x: {min: 0.0, max: 1.0}}\n"


def call(folder, *arguments):
    (folder / "my sweep.yaml").write_text(SWEEP)
    return CliRunner().invoke(main, ["slurm-script", str(folder / "my sweep.yaml"), *arguments])


def test_names_with_spaces_are_quoted_and_options_of_sbatch_and_the_workers_are_added(tmp_path):
    done = call(tmp_path, "--sbatch", "--partition=gpu", "--worker-options", "--gpus all", "--nodes", "2")
    assert done.exit_code == 0, done.output
    assert "#SBATCH --partition=gpu\n" in done.output and "#SBATCH --nodes=2\n" in done.output
    assert "fashion-wb worker 'runs/my sweep/cluster.json' --gpus all &\n" in done.output
    assert f"fashion-wb sweep '{tmp_path}/my sweep.yaml' --executor dask --dir runs\n" in done.output


def test_an_array_holds_workers_only(tmp_path):
    done = call(tmp_path, "--array", "--nodes", "7", "--time", "1-12")
    assert "#SBATCH --array=1-7\n" in done.output and "#SBATCH --time=1-12\n" in done.output
    assert "fashion-wb sweep" not in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--time", "an hour"), "as Slurm writes it"),
        (("--sbatch", "partition=gpu"), "an option such as --partition=gpu"),
        (("--sbatch", "-p x\nrm -rf ~"), "an option such as --partition=gpu"),
    ],
)
def test_what_would_not_be_a_line_of_sbatch_is_refused(tmp_path, arguments, message):
    done = call(tmp_path, *arguments)
    assert done.exit_code == 1
    assert message in done.output
