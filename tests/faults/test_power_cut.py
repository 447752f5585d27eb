"""The power goes at any operation of a sweep on its disk; afterwards the sweep goes on as if it had not."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import power_cut_sweep
import pytest
from death_cases import WORKERS, Storm, config
from power_cut import MODES, Disk, PowerCut
from power_cut_cases import CAP, Launcher

NAME = "power cut before any operation on the sweep's files"
MADE = "the process ends before one write, rename, fsync ...; what was not synced is then kept, lost or torn"
PROMISED = (
    "nothing half-written is read; a trial that was proposed keeps its configuration; one that had ended is "
    "not trained again; exactly run_cap trials"
)


@pytest.mark.fault("Death", NAME, made=MADE, promised=PROMISED)
def test_a_sweep_survives_a_cut_at_every_operation(tmp_path, fault):
    operations, cuts = play(tmp_path / "whole", None, "kept", fault).operations, 0
    numbers = range(len(operations))
    chosen = numbers if fault.full else fault.generator.sample(numbers, 10)
    for number in chosen:
        other = fault.generator.choice(["kept", "mixed"])
        for mode in ("lost", other) if fault.full else [fault.generator.choice(MODES)]:
            assert play(tmp_path / f"{number}-{mode}", number, mode, fault).off
            cuts += 1
    fault.observed(
        f"{cuts} of {cuts} sweeps of {CAP} trials whole, cut at {len(chosen)} of the {len(operations)} "
        "operations (with ask and tell)"
    )


def play(top, cut_at, mode, fault):
    """Run a sweep with one cut; return the disk with what was done until then."""
    top.mkdir()
    launcher = Launcher(top)
    disk = Disk(top / "disk", cut_at)
    try:
        with disk.watched():
            launcher.play()
    except PowerCut:
        disk.survivors(mode, fault.generator)
        launcher.play()
    launcher.check()
    return disk


@pytest.mark.processes
@pytest.mark.fault("Death", NAME, made=MADE, promised=PROMISED)
def test_a_running_sweep_survives_a_cut(tmp_path, fault):
    sweeps, counts = fault.times(1, 16), Counter()
    for number in range(sweeps):
        mode = fault.generator.choice(MODES)
        storm = Storm(tmp_path / str(number), config("random", cap=4), fault.generator)
        counts[mode] += cut(storm, fault.generator.randrange(8, 50), mode)
        storm.finish()
    struck = ", ".join(f"{counts[mode]} {mode}" for mode in MODES)
    fault.observed(
        f"{sweeps} of {sweeps} running sweeps whole after {counts.total()} cuts with all processes ({struck})"
    )


def cut(storm, operation, mode):
    """Run the command until the power is cut; tell whether it was."""
    disk = storm.folder / "runs"
    storm.start(Path(power_cut_sweep.__file__), [str(disk), str(operation), mode, "0"])
    printed = "\n".join(storm.command.communicate(240))
    assert storm.command.returncode in (0, 9), printed
    storm.hit += WORKERS
    storm.wait_until_gone()
    storm.check_settled()
    # What was printed as ended is so on disk.
    told = {int(number) for number in re.findall(r"sweep +(\d+)  finished", printed)}
    assert told <= {int(run_id[-4:]) for run_id in storm.settled}
    return storm.command.returncode == 9
