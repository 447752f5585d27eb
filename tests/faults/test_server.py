"""W&B's server refuses, loses, delays, repeats or cuts its answers; only a stand-in for it can be made to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from server_fault_cases import TRIALS, Cases
from standin_faults import Fault

pytestmark = pytest.mark.processes

COMMANDS = ("pull", "report", "push", "agent")
EXACT = (
    "table, report, sweeps, runs and rows exactly as from a healthy server, each once; or a message, exit "
    "status 1, and the same command goes on"
)
UNSTARTED = (
    "; not survived by an agent, as by W&B's own: a run handed out in an answer that is lost is not trained, "
    "and named at the end"
)
INIT = "; a trial whose `wandb.init` gets such an answer fails and is shown as failed"
# name: (the faults, how they are made, what is promised beyond EXACT)
STORMS = {
    "refused connections": ((Fault.REFUSED,), "20% of all requests get a connection reset", ""),
    "lost answers": (
        (Fault.LOST,),
        "20% of all requests are carried out, and the connection closes without an answer",
        UNSTARTED,
    ),
    "answers that never come": (
        (Fault.SILENT,),
        "20% of all requests are carried out, and the connection stays open, silent (time limits of 10 s)",
        UNSTARTED,
    ),
    "late answers": ((Fault.LATE,), "20% of all answers come a second late", ""),
    "doubled requests": (
        (Fault.DOUBLED,),
        "20% of all requests are carried out twice, as by a proxy that repeats them",
        "; a sweep that is made twice stays as a canceled, empty sweep" + UNSTARTED,
    ),
    "truncated answers": ((Fault.CUT,), "20% of all answers break off in the middle", UNSTARTED + INIT),
    "429 storm": (
        (Fault.LIMITED, Fault.PAUSED),
        "20% of all requests are refused with 429, half of them with Retry-After",
        "",
    ),
    "5xx storm": (
        (Fault.BROKEN, Fault.GATEWAY, Fault.BUSY, Fault.SLOW_GATEWAY),
        "20% of all requests are refused with 500, 502, 503 or 504",
        "",
    ),
    "web page of a proxy": (
        (Fault.PAGE,),
        "20% of all requests get an HTML page with status 200 instead of their answer",
        UNSTARTED + INIT,
    ),
}
IN_MAKE_TEST = "truncated answers"  # the others take longer


def storms():
    """A parameter for each, marked as a fault."""
    for name, (kinds, made, more) in STORMS.items():
        marks = [pytest.mark.fault("Server faults", name, made=made, promised=EXACT + more)]
        marks += [] if name == IN_MAKE_TEST else [pytest.mark.long]
        yield pytest.param(kinds, marks=marks, id=name)


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    return Cases(tmp_path_factory.mktemp("cases"))


@pytest.mark.parametrize("kinds", list(storms()))
def test_every_run_and_row_is_there_once(fault, cases, kinds):
    """Run the commands side by side, each against a server of its own; note what was counted."""
    commands = fault.times(("pull",), COMMANDS)
    if fault.full:
        cases.prepare()
    seeds = [fault.generator.getrandbits(32) for _ in commands]
    with ThreadPoolExecutor(len(commands)) as threads:
        endings = list(
            threads.map(lambda each: cases.ending(each[0], kinds, each[1]), zip(commands, seeds, strict=True))
        )
    fault.observed("; ".join(map(told, endings)))


def told(ending):
    """What was counted of one command."""
    again = f", exact after {ending.gave_up} messages" if ending.gave_up else ", exact"
    text = f"{ending.command}: {ending.hit[0]} of {ending.hit[1]} requests hit{again}"
    if ending.command == "agent":
        text += f", {TRIALS - ending.lost - ending.failed} of {TRIALS} trained once"
        text += f", {ending.lost} lost and named" if ending.lost else ""
        text += f", {ending.failed} failed" if ending.failed else ""
    return text
