"""A few rounds of faults on a cluster; `tests/support/cluster_faults.py` plays as many as you like."""

from __future__ import annotations

import pytest
from cluster_faults import play_round, undisturbed

pytestmark = [pytest.mark.processes, pytest.mark.long]


def test_the_record_is_whole_after_random_faults(tmp_path):
    expected = {method: undisturbed(tmp_path / method, method) for method in ("random", "bayes")}
    struck = [fault for seed in (6,) for fault in play_round(tmp_path / f"round-{seed}", seed, expected)]
    assert struck
