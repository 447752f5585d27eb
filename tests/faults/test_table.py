"""docs/reliability.md has a row for every fault that is tested, and no other."""

from __future__ import annotations

import re

from fault_cases import SECTIONS, marked
from fault_table import BEGIN, END
from sweep_cases import ROOT


def test_every_fault_says_how_it_is_made_and_what_is_promised():
    for mark in marked():
        section, _ = mark.args
        assert section in SECTIONS and set(mark.kwargs) == {"made", "promised"}, mark


def test_the_page_has_a_row_for_every_fault():
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    generated = page.partition(BEGIN)[2].partition(END)[0]
    rows = re.findall(r"^\| (.+?) \| ", generated, re.MULTILINE)
    names = {name for name in rows if name not in ("fault", "---")}
    assert names == {mark.args[1].replace("|", "\\|") for mark in marked()}
