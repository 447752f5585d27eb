"""A sweep whose controller and worker are in two networks, joined by a wire that delays, drops and breaks.

    .venv/bin/python tests/support/cluster_network.py

It needs Linux and root: each side has a network namespace of its own, and this process carries every packet
from one to the other. Each case has to end with the suggestions and losses of the same sweep on one machine.
What it prints is kept in docs/evidence/cluster.md.
"""

from __future__ import annotations

import contextlib
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import psutil
from cluster_cases import MAIN, trials_of
from cluster_faults import OPTIONS, results, sweep_file, undisturbed
from sweep_cases import COMMAND, environment, place

_TUNSETIFF, _IFF_TUN_NO_PI = 0x400454CA, 0x1001
ADDRESSES = ("10.77.0.1", "10.77.0.2")
LOST_AFTER = 5.0
STEPS = 50  # 7.5 s, so that a trial is under way when the worker gives the controller up


class Wire:
    """Two network namespaces and what carries packets between them; a context manager.

    Attributes:
        names: the namespaces.
        delay: seconds that a packet takes.
        loss: share of the packets that are dropped.
        cut: whether all are dropped.
        packets: how many were carried.
    """

    def __init__(self, delay=0.0, loss=0.0):
        self.names = tuple(f"fwb{os.getpid()}{side}" for side in "ab")
        self.delay, self.loss, self.cut, self.packets = delay, loss, False, 0
        self._random, self._open = random.Random(0), True

    def __enter__(self):
        self._ends = [self._plug(*end) for end in zip(self.names, ADDRESSES, strict=True)]
        self._thread = threading.Thread(target=self._carry)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._open = False
        self._thread.join()
        for end, name in zip(self._ends, self.names, strict=True):
            os.close(end)
            _ip("netns", "del", name)

    def _plug(self, name, address):
        end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        device = name[-15:]
        fcntl.ioctl(end, _TUNSETIFF, struct.pack("16sH22x", device.encode(), _IFF_TUN_NO_PI))
        _ip("netns", "add", name)
        _ip("link", "set", device, "netns", name)
        _ip("-n", name, "addr", "add", f"{address}/24", "dev", device)
        for each in (device, "lo"):
            _ip("-n", name, "link", "set", each, "up")
        return end

    def _carry(self):
        waiting = []
        while self._open:
            ready, _, _ = select.select(self._ends, [], [], 0.002)
            for end in ready:
                with contextlib.suppress(BlockingIOError):
                    packet = os.read(end, 65536)
                    if not self.cut and self._random.random() >= self.loss:
                        other = self._ends[1 - self._ends.index(end)]
                        heapq.heappush(waiting, (time.monotonic() + self.delay, self.packets, other, packet))
                        self.packets += 1
            while waiting and waiting[0][0] <= time.monotonic():
                _, _, other, packet = heapq.heappop(waiting)
                with contextlib.suppress(OSError):
                    os.write(other, packet)


def _ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


def _start(wire, side, folder, log, *command):
    argv = ["ip", "netns", "exec", wire.names[side], *command]
    with (folder / log).open("ab") as file:
        return subprocess.Popen(argv, cwd=folder, env=environment(), stdout=file, stderr=file)


@contextlib.contextmanager
def sweep_over(wire, folder):
    """Start a sweep on one side and a worker on the other; yield both processes."""
    place(folder, sweep_file("bayes", STEPS))
    options = ("--executor", "dask", "--listen", ADDRESSES[0], "--lost-after", str(LOST_AFTER))
    controller = _start(
        wire, 0, folder, "controller.log", *COMMAND, "sweep", "sweep.yaml", "--dir", "far", *OPTIONS, *options
    )
    file = folder / "far" / "sweep" / "cluster.json"
    worker = _start(
        wire, 1, folder, "worker.log", COMMAND[0], "-c", MAIN, "worker", str(file), "--workers", "2"
    )
    try:
        yield controller, worker
    finally:
        for process in (controller, worker):
            with contextlib.suppress(psutil.NoSuchProcess):
                for child in psutil.Process(process.pid).children(recursive=True):
                    child.kill()
            process.kill()
            process.wait()


def wait_for(condition, seconds=90):
    """Wait until a condition holds; return how long that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds
        time.sleep(0.02)
    return time.monotonic() - began


def far_away(folder):
    """100 ms from one side to the other and back, and one packet in a hundred dropped."""
    with Wire(delay=0.05, loss=0.01) as wire, sweep_over(wire, folder) as (controller, _):
        seconds = wait_for(lambda: controller.poll() is not None)
        print(f"  the sweep took {seconds:.1f} s; {wire.packets} packets")
        return controller.returncode


def cut(folder):
    """The wire is cut in the middle of a trial, for longer than --lost-after, then mended."""
    with Wire() as wire, sweep_over(wire, folder) as (controller, worker):
        wait_for(lambda: len(list(folder.glob("far/sweep/wandb/offline-run-*"))) >= 3)
        wire.cut = True
        running = trials_of(worker)
        alone = wait_for(lambda: not any(trial.is_running() for trial in running))
        print(f"  {len(running)} trials ran on the worker; all were gone {alone:.1f} s after the cut")
        time.sleep(max(0.0, 2 * LOST_AFTER + 5 - alone))
        assert controller.poll() is None
        wire.cut = False
        seconds = wait_for(lambda: controller.poll() is not None)
        print(f"  mended {2 * LOST_AFTER + 5:.0f} s after the cut; the sweep ended {seconds:.1f} s later")
        return controller.returncode


def main():
    """Play both cases."""
    with tempfile.TemporaryDirectory() as name:
        expected = undisturbed(Path(name) / "near", "bayes", STEPS)
        for case in (far_away, cut):
            folder = Path(name) / case.__name__
            folder.mkdir()
            print(case.__doc__)
            status = case(folder)
            log = (folder / "controller.log").read_text()
            assert status == 0, log
            for line in log.splitlines():
                print(f"    {line.replace(str(folder), '.')}")
            assert results(folder / "far") == expected
            print("  the same trials, suggestions and losses as on one machine")


if __name__ == "__main__":
    main()
