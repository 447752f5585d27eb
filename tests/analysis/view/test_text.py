"""The live table in a terminal."""

from __future__ import annotations

import io

from rich.console import Console
from view_cases import add_trial, fill, new_sweep, read_all

from analysis.view.text import picture, show, sparkline
from analysis.view.watch import Watch
from fashion_wb.trial import TrialState


def printed(overview, most=30, width=120):
    stream = io.StringIO()
    Console(file=stream, width=width).print(picture(overview, most))
    return stream.getvalue()


def test_into_a_file_it_is_printed_once(tmp_path):
    sweep = fill(new_sweep(tmp_path / "s"), 30)
    add_trial(sweep, 30, [0.9, 0.5, 0.3], TrialState.RUNNING)
    stream = io.StringIO()
    show([tmp_path], [], stream)
    text = stream.getvalue()
    assert "\x1b" not in text
    assert "bayes-r0 30" in text and "█▃▁" in text and "3/10" in text
    assert "30/60" in text and "early stopping at the 3rd value" in text


def test_an_empty_folder_is_shown_too(tmp_path):
    assert "Nothing runs" in printed(read_all(Watch([tmp_path])).overview())


def test_names_are_not_markup(tmp_path):
    fill(new_sweep(tmp_path / "s", "[red]name[/red]"), 4)
    assert "[red]name[/red]" in printed(read_all(Watch([tmp_path])).overview(), width=200)


def test_only_as_many_sweeps_as_fit_the_running_ones_first(tmp_path):
    for number in range(8):
        fill(new_sweep(tmp_path / f"s{number}", f"sweep{number}"), 1)
    text = printed(read_all(Watch([tmp_path])).overview(), most=3)
    assert "Sweeps: 3 of 8" in text and sum(f"sweep{number} " in text for number in range(8)) == 3


def test_a_sparkline_has_the_last_values_low_to_high():
    assert sparkline([]) == ""
    assert sparkline([2.0]) == "▁"
    assert sparkline([0, 7, 3.5]) == "▁█▅"
    assert sparkline(range(100), 4) == "▁▃▆█"
