"""Random changes to trees, bytes and texts, and a loop over them."""

from __future__ import annotations

import json
import random
import time

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

LONGEST_SECONDS = 20.0
ODD = (
    *(None, True, False, 0, -1, 1, 2**31, -(2**70), 0.5, 1e308, -1e308, 1e-320, float("nan"), float("inf")),
    *("", "x", "1e-4", "random", "grid", "bayes", "${args}", "\ud800", "é", [], {}, [1], [[]], {"a": 1}),
    *({"value": 1}, {"values": [1, 2]}, {"min": 0, "max": 9}, {"parameters": {"a": {"value": 1}}}),
    *("uniform", "q_uniform", "normal", "beta", "log_uniform_values", "int_uniform", "constant"),
)
PIECES = (
    "\t",
    "\x00",
    "'",
    '"',
    "[",
    "]",
    "{",
    "}",
    ":",
    "- ",
    "&a ",
    "*a",
    "!!int ",
    "\n",
    "#",
    ".nan",
    "1e999",
)


def fuzz(fault, short, full, check):
    """Call `check` with generators of random changes; return how often."""
    count = 0

    @seed(fault.generator.randrange(2**32))
    @settings(
        max_examples=fault.times(short, full),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(number=st.integers(0, 2**64))
    def one(number):
        nonlocal count
        count += 1
        started = time.monotonic()
        check(random.Random(number))
        assert time.monotonic() - started < LONGEST_SECONDS

    one()
    return count


def changed_tree(value, chance):
    """A copy of plain data with one place changed: replaced, removed, doubled or renamed."""
    value = json.loads(json.dumps(value))
    places = list(_places(value))
    holder, key = chance.choice(places)
    how = chance.random()
    if how < 0.6:
        holder[key] = chance.choice(ODD)
    elif how < 0.8:
        del holder[key]
    elif isinstance(holder, dict):
        holder[chance.choice(("min", "max", "value", "values", "q", "distribution", "x", "metric"))] = holder[
            key
        ]
    else:
        holder.append(holder[key])
    return value


def _places(value):
    for key in value if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], (dict, list)) and value[key]:
            yield from _places(value[key])


def changed_bytes(data, chance):
    """A copy of some bytes: bits flipped, a part cut, doubled or overwritten."""
    data = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at, size = chance.randrange(len(data)), chance.randint(1, 40)
        how = chance.randrange(4)
        if how == 0:
            data[at] ^= 1 << chance.randrange(8)
        elif how == 1:
            del data[at : at + size]
        elif how == 2:
            data[at:at] = data[at : at + size]
        else:
            data[at : at + size] = chance.randbytes(size)
        data = data or bytearray(b"\x00")
    return bytes(data)


def changed_text(text, chance):
    """A text with some pieces put in, cut or exchanged."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text) + 1)
        cut = chance.choice((0, 0, 1, 5, 40))
        text = text[:at] + chance.choice((*PIECES, "")) + text[at + cut :]
    return text
