"""What files, runs and servers say neither leads out of a folder nor steers the terminal."""

from __future__ import annotations

import io
import sys

import pytest

from fashion_wb.foreign_text import REDRAW, is_path_part, one_line, plain_output, printable, unguarded


@pytest.mark.parametrize("text", ["qatyhmd2", "qatyhmd2-0001", "a.b_c-D", "x" * 128])
def test_ids_of_wandb_can_be_part_of_a_file_name(text):
    assert is_path_part(text)


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "../x", "/etc", "a/b", "a\\b", "a b", "a\n", "a\0", ".a", "a*", "$(x)", "x" * 129, 7],
)
def test_what_leads_elsewhere_cannot(text):
    assert not is_path_part(text)


def test_text_keeps_letters_lines_and_colours_and_loses_what_steers():
    kept = "größe µ\t\x1b[34mwandb\x1b[0m\n"
    assert printable(kept) == kept
    hostile = "a\x1b]0;title\x07b\x1b[2Jc\x1b[8md\re\x9bf\u202eg\x00"
    assert printable(hostile) == r"a\x1b]0;title\x07b\x1b[2Jc\x1b[8md\re\x9bf\u202eg\x00"
    assert one_line("a\nError: b") == r"a\nError: b"


def test_whoever_prints_prints_plain_text(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    with plain_output():
        print("a\x1b[2Jb")
        print(f"{REDRAW}1/2 {REDRAW}", end="")
        assert unguarded(sys.stdout) is out
    assert out.getvalue() == f"a\\x1b[2Jb\n{REDRAW}1/2 \\r\\x1b[K"
    assert unguarded(out) is out
