"""`fashion-wb` on a disk that loses power, with all its processes.

    power_cut_sweep.py DISK CUT_AT MODE SEED ARGUMENTS...

DISK, CUT_AT and MODE are those of `power_cut`; ARGUMENTS are the command's. The exit status is 9 if the power
was cut; then the folder DISK is what is left of it.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
from pathlib import Path

import psutil
from power_cut import Disk, PowerCut

from fashion_wb.cli import main


def kill_others() -> None:
    """Kill every process below this one, so that none of them writes any more."""
    below = psutil.Process().children(recursive=True)
    for process in below:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(below, timeout=10)


if __name__ == "__main__":
    place, cut_at, mode, seed, *arguments = sys.argv[1:]
    disk = Disk(Path(place), int(cut_at), kill_others)
    try:
        with disk.watched():
            main(arguments)
    except PowerCut:
        sys.stdout.flush()
        disk.survivors(mode, random.Random(seed))
        os._exit(9)
