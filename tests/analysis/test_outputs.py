"""The output files against golden files, and errors for bad input.

After a change of the text, write new golden files: FASHION_WB_GOLDEN=write python -m pytest tests/analysis.
"""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from analysis_cases import OWN, hand_made, plausible, record, search, trial, trials_of

from analysis.outputs import OUTPUT_FILES, write_comparison
from analysis.tables.csv_file import write_csv
from fashion_wb.errors import FashionWbError
from fashion_wb.files import replacing

GOLDEN = Path(__file__).parent / "golden"


def agrees_with_golden(name: str, got: bytes) -> None:
    path = GOLDEN / name
    if os.environ.get("FASHION_WB_GOLDEN") == "write":
        path.write_bytes(got)
    assert got == path.read_bytes()


@pytest.mark.parametrize("width", [100, 72])
def test_files_and_printed_text_match_the_golden_files(width, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = write_comparison(hand_made(), Path("out"), width, reported=OWN)
    agrees_with_golden(f"printed{width}.txt", text.encode())
    for name in ("trials.csv", "searches.csv", "comparison.csv", "comparison.md"):
        agrees_with_golden(name, (tmp_path / "out" / name).read_bytes())


def test_the_folder_holds_the_files_named_and_nothing_else(tmp_path):
    out = tmp_path / "deep" / "out"
    for _ in range(2):
        write_comparison(plausible(2, 2)[:1], out)
    assert sorted(path.name for path in out.iterdir()) == sorted(OUTPUT_FILES)
    write_comparison(plausible(2, 2)[:1], out, reported=OWN)
    assert sorted(path.name for path in out.iterdir()) == sorted([*OUTPUT_FILES, "filters.png"])


def test_trials_read_back_equal(tmp_path):
    trials = trials_of(plausible())
    write_csv(trials, tmp_path / "trials.csv")
    back = pd.read_csv(tmp_path / "trials.csv", float_precision="round_trip")
    pd.testing.assert_frame_equal(back, trials, check_dtype=False, check_exact=True)


def test_csv_keeps_integers_with_empty_cells_as_integers(tmp_path):
    write_csv(trials_of(hand_made()), tmp_path / "t.csv")
    text = (tmp_path / "t.csv").read_bytes().decode()
    assert "\r" not in text
    assert pd.read_csv(io.StringIO(text), dtype=str)["filters"].dropna().tolist()[:4] == ["4", "12", "2", "7"]


def test_nothing_to_compare_says_what_to_do(tmp_path):
    with pytest.raises(FashionWbError, match="run a sweep first"):
        write_comparison([], tmp_path / "out")
    with pytest.raises(FashionWbError, match=r"no trials to compare in bayes \(s\): run the sweep"):
        write_comparison([search()], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_search_given_twice_is_refused(tmp_path):
    once = search(trial(0, [0.5]))
    with pytest.raises(FashionWbError, match=r"bayes \(s\) is given twice"):
        write_comparison([once, once], tmp_path)


def test_a_search_without_trials_is_named(tmp_path):
    text = write_comparison([search(trial(0, [0.5])), search(method="random", sweep="t")], tmp_path)
    assert "not compared: random (t)." in " ".join(text.split())


def test_an_output_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(FashionWbError, match="cannot write the comparison"):
        write_comparison(plausible(1, 1), tmp_path / "out")


def test_an_interrupted_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def interrupted() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize(("margin", "outcome"), [(0.05, "equivalent"), (None, "undecided")])
def test_every_output_uses_the_margin_given(margin, outcome, tmp_path):
    losses = {"bayes": (0.30, 0.31, 0.32), "random": (0.301, 0.309, 0.3205)}
    searches = [
        record(method, f"{method}{number}", (trial(0, [loss]),), number)
        for method, found in losses.items()
        for number, loss in enumerate(found)
    ]
    printed = " ".join(write_comparison(searches, tmp_path, reported=replace(OWN, margin=margin)).split())
    markdown, page = ((tmp_path / name).read_text() for name in ("comparison.md", "report.html"))
    assert pd.read_csv(tmp_path / "pairs.csv")["outcome"].tolist() == [outcome]
    assert pd.read_csv(tmp_path / "pairs.csv")["margin"].fillna(0).tolist() == [margin or 0]
    said = "a margin of 0.05" if margin else "not tested, because no margin is set"
    assert said in markdown and ("are equivalent within 0.05" in printed) is bool(margin)
    assert ("t-tests within 0.05" in page) is bool(margin)
    assert ("not tested, because no margin is set" in page) is not bool(margin)
