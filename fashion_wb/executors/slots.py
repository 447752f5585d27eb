"""Slots: the cores and GPUs that each trial on this machine gets.

Cores are those that this process may use, by its CPU affinity and the limits of its cgroup, never all of the
machine's.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fashion_wb.errors import FashionWbError

_VISIBLE = "CUDA_VISIBLE_DEVICES"
# What numerical libraries read their number of threads from.
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True)
class Slot:
    """What one trial at a time gets of a machine.

    Attributes:
        cpus: the cores that the trial is pinned to; empty if it is not pinned.
        gpus: the GPUs that it sees, as CUDA_VISIBLE_DEVICES names them; None leaves that as it is.
        threads: number of threads it computes with; None leaves it to the program. Where the trial is not
            pinned, an OMP_NUM_THREADS of the user's comes first.
    """

    cpus: tuple[int, ...] = ()
    gpus: tuple[str, ...] | None = None
    threads: int | None = 1

    def __str__(self) -> str:
        parts = []
        if self.cpus:
            parts.append(f"core{'s' if len(self.cpus) > 1 else ''} {','.join(map(str, self.cpus))}")
        if self.gpus:
            parts.append(f"GPU{'s' if len(self.gpus) > 1 else ''} {','.join(self.gpus)}")
        return " and ".join(parts)

    def set_environment(self, env: dict[str, str]) -> None:
        """Set the variables that make a trial keep to its slot."""
        if self.gpus is not None:
            env[_VISIBLE] = ",".join(self.gpus)
        if self.threads is None:
            return
        if self.cpus:
            env.update(dict.fromkeys(_THREADS, str(self.threads)))
        else:
            env.setdefault("OMP_NUM_THREADS", str(self.threads))


def plan_slots(
    workers: int | None = None,
    cpus_per_trial: int | None = None,
    gpus: str | None = None,
    gpus_per_trial: int | None = None,
    trials_per_gpu: int | None = None,
) -> tuple[Slot, ...]:
    """Divide this machine into slots.

    A trial is pinned to cores of its own if `cpus_per_trial` or `gpus` is given. Otherwise the kernel places
    it, so that it makes room for other programs.

    Args:
        workers: number of slots; None means as many as the cores and GPUs allow.
        cpus_per_trial: cores of each slot; None means one, or an equal share of the cores for each GPU slot.
        gpus: "all", or GPUs as CUDA_VISIBLE_DEVICES names them, comma-separated; None leaves GPUs alone.
        gpus_per_trial: GPUs of each slot, 1 by default.
        trials_per_gpu: slots of each GPU, 1 by default.

    Raises:
        FashionWbError: the machine does not have what is asked for, or the arguments contradict each other.
    """
    cores = available_cores()
    shares = _gpu_shares(gpus, gpus_per_trial, trials_per_gpu)
    if cpus_per_trial is not None and cpus_per_trial > len(cores):
        raise FashionWbError(
            f"--cpus-per-trial {cpus_per_trial}: this process may use {len(cores)} cores; ask for fewer"
        )
    if shares is None and cpus_per_trial is None:
        return (Slot(),) * (workers if workers is not None else len(cores))
    if shares is None:
        assert cpus_per_trial is not None
        most, size = len(cores) // cpus_per_trial, cpus_per_trial
    else:
        size = cpus_per_trial or max(1, len(cores) // len(shares))
        most = len(shares) if cpus_per_trial is None else min(len(shares), len(cores) // size)
    number = most if workers is None else workers
    if number > most:
        raise FashionWbError(
            f"--workers {number}: there are cores and GPUs for {most} at once, with {len(cores)} cores"
            + ("" if shares is None else f" and GPUs for {len(shares)} trials")
            + "; ask for fewer, or give each trial less"
        )
    # More slots than cores, as several trials on a GPU may be, share the cores evenly.
    slots = [Slot(_group(cores, index, size), threads=size) for index in range(number)]
    return tuple(slots if shares is None else map(_with_gpus, slots, shares))


def available_cores() -> list[int]:
    """Return the cores that this process may use, as many of them as its cgroup's limit allows.

    On systems without CPU affinity, they are numbered from 0.
    """
    # Not at the top: it takes 0.2 s, and most commands start no trial.
    from joblib import cpu_count

    limit = max(1, int(cpu_count()))
    found = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(limit))
    return found[:limit]


def _group(cores: Sequence[int], index: int, size: int) -> tuple[int, ...]:
    return tuple(sorted({cores[(index * size + k) % len(cores)] for k in range(size)}))


def _with_gpus(slot: Slot, gpus: tuple[str, ...]) -> Slot:
    return replace(slot, gpus=gpus)


def _gpu_shares(
    gpus: str | None, gpus_per_trial: int | None, trials_per_gpu: int | None
) -> list[tuple[str, ...]] | None:
    if gpus is None:
        if gpus_per_trial is not None or trials_per_gpu is not None:
            raise FashionWbError("--gpus-per-trial and --trials-per-gpu need --gpus all, or --gpus 0,2")
        return None
    if gpus_per_trial is not None and trials_per_gpu is not None:
        raise FashionWbError("give --gpus-per-trial or --trials-per-gpu, not both")
    found = _all_gpus() if gpus.strip() == "all" else [name.strip() for name in gpus.split(",")]
    if not all(found) or len(set(found)) < len(found):
        raise FashionWbError(f"--gpus must be all, or different GPUs such as 0,2; got {gpus!r}")
    allowed = _visible_gpus()
    if allowed is not None and not set(found) <= set(allowed):
        raise FashionWbError(
            f"--gpus {gpus}: {_VISIBLE} gives this process only {','.join(allowed) or 'none'}; "
            "name some of these"
        )
    each = gpus_per_trial or 1
    if each > len(found):
        raise FashionWbError(
            f"--gpus-per-trial {each}: only {len(found)} GPUs are given ({', '.join(found)})"
        )
    shares = [tuple(found[start : start + each]) for start in range(0, len(found) - each + 1, each)]
    # One trial on every GPU before the second on any.
    return shares * (trials_per_gpu or 1)


def _all_gpus() -> list[str]:
    found = _visible_gpus()
    if found is None:
        try:
            command = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]
            found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        except (OSError, subprocess.CalledProcessError):
            found = []
    if not found:
        raise FashionWbError(
            f"--gpus all: nvidia-smi lists no GPU and {_VISIBLE} names none; leave out --gpus, or name them"
        )
    return found


def _visible_gpus() -> list[str] | None:
    visible = os.environ.get(_VISIBLE)
    return None if visible is None else [name.strip() for name in visible.split(",") if name.strip()]
