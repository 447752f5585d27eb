"""kill -9 at random moments of a sweep with many short trials; the same command goes on, and all is whole."""

from __future__ import annotations

from collections import Counter

import pytest
from cluster_faults import play_round, undisturbed
from death_cases import Storm, config
from sweep_processes import ENDING

pytestmark = pytest.mark.processes

PROMISED = (
    "the same command goes on: exactly run_cap trials, those of the undisturbed sweep; none that "
    "had ended starts again; no process and no lock is left"
)


@pytest.mark.fault(
    "Death",
    "kill -9 of the controller, the fork server, wandb-core, a trial or everything",
    made="SIGKILL at random moments of sweeps whose trials take a quarter of a second",
    promised=PROMISED,
)
@pytest.mark.parametrize("method", ["random", pytest.param("bayes", marks=pytest.mark.long)])
def test_a_sweep_goes_on_after_kills_at_random_moments(tmp_path, fault, method):
    # The configurations of a search that learns are the same only if no trial fails.
    victims = [*ENDING, "trial"] if method == "random" else ["controller", "everything"]
    rounds = fault.times(1, 4)
    counts, gone = Counter(), []
    for number in range(rounds):
        order = victims * fault.times(1, 4 if method == "random" else 3)
        fault.generator.shuffle(order)
        order = order[: fault.times(2, len(order))]
        sweep = config(method, cap=4 + 3 * len(order))
        storm = Storm(tmp_path / str(number), sweep, fault.generator)
        for victim in order:
            storm.strike(victim)
        storm.finish()
        counts += storm.kills
        gone += storm.gone_after
    kills = ", ".join(f"{name} {count}" for name, count in counts.most_common())
    fault.observed(
        f"{method}: {rounds} of {rounds} sweeps whole after {counts.total()} kills ({kills}); the last "
        f"process was gone {max(gone):.1f} s after the command at the latest"
    )


@pytest.mark.long
@pytest.mark.fault(
    "Death",
    "kill -9, standstill and cut connection of a cluster's machines",
    made="at random moments of sweeps on two workers over loopback; what was killed starts again",
    promised="exactly run_cap trials, with the configurations and values of the undisturbed sweep",
)
def test_a_sweep_on_a_cluster_is_whole_after_random_faults(tmp_path, fault):
    expected = {method: undisturbed(tmp_path / method, method) for method in ("random", "bayes")}
    rounds, struck = fault.times(1, 4), Counter()
    for number in range(rounds):
        struck.update(play_round(tmp_path / str(number), fault.generator.randrange(1 << 20), expected))
    faults = ", ".join(f"{name} {count}" for name, count in struck.most_common())
    fault.observed(f"{rounds} of {rounds} sweeps whole; faults: {faults or 'none struck'}")
