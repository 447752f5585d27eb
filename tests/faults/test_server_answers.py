"""W&B's server answers, but not what was asked for: a field is missing, or holds something else."""

from __future__ import annotations

import itertools
import json
import random
import re
import shutil
from collections import Counter

import agent_cases
import push_cases
import pytest
from fuzz_cases import changed_tree
from report_cases import report
from standin_cases import fill
from standin_client import run_client
from standin_faults import Fault, Faults
from standin_server import Server
from standin_state import ENTITY
from sweep_cases import place, run, yaml

from fashion_wb.sweepfile.sweeps_package import next_runs

pytestmark = pytest.mark.processes

PATH = f"{ENTITY}/fashion"
# Requests of a command without its runs' own; the first is wandb's, which checks the key.
_REQUESTS = 14
_TEXTS = re.compile(r"\s*[\[{]")


@pytest.fixture(scope="module")
def offline(tmp_path_factory):
    """An offline sweep of two runs, to push."""
    home = tmp_path_factory.mktemp("offline")
    place(home, yaml(more="run_cap: 2\n"))
    assert run(home, "sweep", "sweep.yaml", "--dir", "runs").returncode == 0
    return home / "runs"


def changed_answer(answer, chance):
    """A copy of a GraphQL answer with one change, perhaps in a text that holds JSON."""
    places = list(_texts(answer))
    if not places or chance.random() < 0.6:
        return changed_tree(answer, chance)
    answer = json.loads(json.dumps(answer))
    holder, key = chance.choice(list(_texts(answer)))
    inner = json.loads(holder[key])
    holder[key] = json.dumps(changed_tree({"": inner}, chance).get("", inner))
    return answer


def _texts(value):
    for key in value if isinstance(value, dict) else range(len(value)):
        if isinstance(value[key], str) and _TEXTS.match(value[key]) and len(value[key]) > 2:
            yield value, key
        elif isinstance(value[key], (dict, list)):
            yield from _texts(value[key])


def command(name, server, home, offline):
    """Prepare a command, and return what runs it."""
    if name == "agent":
        path = agent_cases.add_sweep(server, home, agent_cases.grid(2))
        next_runs(server.state.sweeps["sweep1"].config, [])  # the first takes seconds: it imports a lot
        return lambda: agent_cases.agent(server, home, path, timeout=300, **push_cases.FAST)
    if name == "push":
        shutil.copytree(offline, home / "runs", symlinks=True)
        return lambda: push_cases.push(server, home)
    fill(server.state, runs=6, epochs=3)
    if name == "report":
        return lambda: report(server, home, PATH)
    return lambda: run_client(server.url, home, "compare", PATH, timeout=300)


@pytest.mark.fault(
    "Server faults",
    "wrong answers",
    made="one GraphQL answer to pull, push, report or agent has a field that is removed or holds something "
    "else, also inside its JSON texts",
    promised="the command ends, as usual or with a message that says what is wrong; no traceback",
)
def test_a_wrong_answer_gives_a_message(fault, tmp_path, offline):
    ends, wrong = Counter(), []
    for number in range(fault.times(4, 60)):
        chance = random.Random(fault.generator.getrandbits(64))
        name = ("compare", "push", "report", "agent")[number % 4]
        home = tmp_path / str(number)
        home.mkdir()
        with Server() as server:
            run_it = command(name, server, home, offline)
            counter, hit = itertools.count(), chance.randrange(_REQUESTS)
            hits = lambda asked: asked not in ("file_stream", "upload") and next(counter) == hit  # noqa: B023,E731
            changed = []

            def change(answer):
                changed.append(changed_answer(answer, chance))  # noqa: B023
                return changed[-1]  # noqa: B023

            server.faults = Faults(1.0, (Fault.WRONG,), hits, change=change)
            done = run_it()
        good = done.returncode == 0 or (done.returncode == 1 and "Error: " in done.stderr)
        if "Traceback" in done.stderr or not good:
            wrong.append(f"{name}, request {hit}: {json.dumps(changed)[:2000]}\n{done.stderr[-3000:]}")
        if changed:  # the command may end before the request that was drawn
            ends["as usual" if done.returncode == 0 else "a message"] += 1
    assert wrong == []
    assert ends.total() > 0 or not fault.full
    fault.observed(f"{ends.total()} wrong answers: {ends['a message']} messages, the others as usual")
