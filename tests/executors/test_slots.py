"""Slots: how a machine's cores and GPUs are divided among trials."""

from __future__ import annotations

import os

import pytest

from fashion_wb.errors import FashionWbError
from fashion_wb.executors.slots import Slot, available_cores, plan_slots


@pytest.fixture(autouse=True)
def four_cores(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr("fashion_wb.executors.slots.available_cores", lambda: [3, 4, 6, 7])


def test_by_default_there_is_a_slot_for_each_core_and_the_kernel_places_the_trials():
    assert plan_slots() == (Slot(),) * 4
    assert plan_slots(workers=9) == (Slot(),) * 9


def test_cores_of_their_own_never_overlap_and_set_the_threads():
    assert plan_slots(cpus_per_trial=1) == tuple(Slot((core,), threads=1) for core in (3, 4, 6, 7))
    assert plan_slots(cpus_per_trial=2) == (Slot((3, 4), threads=2), Slot((6, 7), threads=2))
    assert plan_slots(cpus_per_trial=3) == (Slot((3, 4, 6), threads=3),)
    assert plan_slots(workers=1, cpus_per_trial=2) == (Slot((3, 4), threads=2),)


def test_each_gpu_is_a_slot_with_an_equal_share_of_the_cores():
    assert plan_slots(gpus="0,2") == (Slot((3, 4), ("0",), 2), Slot((6, 7), ("2",), 2))
    assert plan_slots(gpus="0,2", gpus_per_trial=2) == (Slot((3, 4, 6, 7), ("0", "2"), 4),)
    assert plan_slots(gpus="0,2", cpus_per_trial=1) == (Slot((3,), ("0",)), Slot((4,), ("2",)))
    shared = plan_slots(gpus="0,1", trials_per_gpu=3)
    assert [slot.gpus for slot in shared] == [("0",), ("1",)] * 3
    assert [slot.cpus for slot in shared] == [(3,), (4,), (6,), (7,), (3,), (4,)]


def test_all_gpus_are_those_this_process_may_see(monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-ab, 5")
    assert [slot.gpus for slot in plan_slots(gpus="all")] == [("GPU-ab",), ("5",)]
    with pytest.raises(FashionWbError, match="gives this process only GPU-ab,5"):
        plan_slots(gpus="0")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(FashionWbError, match="--gpus all: nvidia-smi lists no GPU"):
        plan_slots(gpus="all")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cpus_per_trial": 5}, "--cpus-per-trial 5: this process may use 4 cores"),
        ({"cpus_per_trial": 2, "workers": 3}, "--workers 3: there are cores and GPUs for 2 at once"),
        ({"gpus": "0,1", "workers": 3}, "for 2 at once, with 4 cores and GPUs for 2 trials"),
        ({"gpus": "0,0"}, "different GPUs"),
        ({"gpus": "0,,1"}, "different GPUs"),
        ({"gpus": "0", "gpus_per_trial": 2}, "only 1 GPUs are given"),
        ({"gpus": "0", "gpus_per_trial": 1, "trials_per_gpu": 1}, "not both"),
        ({"gpus_per_trial": 1}, "need --gpus all"),
        ({"trials_per_gpu": 2}, "need --gpus all"),
    ],
)
def test_what_the_machine_does_not_have_is_refused(arguments, message):
    with pytest.raises(FashionWbError, match=message):
        plan_slots(**arguments)


def test_a_users_number_of_threads_counts_only_where_the_slot_has_no_cores_of_its_own():
    env = {"OMP_NUM_THREADS": "7"}
    Slot().set_environment(env)
    assert env == {"OMP_NUM_THREADS": "7"}
    Slot(threads=None).set_environment(free := {})
    assert free == {}
    Slot((1, 2), ("3",), 2).set_environment(env)
    assert (env["OMP_NUM_THREADS"], env["MKL_NUM_THREADS"], env["CUDA_VISIBLE_DEVICES"]) == ("2", "2", "3")


def test_cores_are_those_of_the_affinity():
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert available_cores() == [min(allowed)]
    finally:
        os.sched_setaffinity(0, allowed)


def test_cores_are_no_more_than_the_cgroup_allows(monkeypatch):
    # joblib reads the cgroup; its own variable stands in for a limit that a test cannot set.
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    assert available_cores() == sorted(os.sched_getaffinity(0))[:1]
