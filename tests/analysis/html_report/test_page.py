"""report.html without a browser: what it says and leaves out, and that no name becomes markup."""

from __future__ import annotations

import json
import random
import time
from itertools import pairwise

import altair
import pandas as pd
import pytest
import vl_convert
from analysis_cases import evidence_of, plausible, search, trial
from html_cases import HOSTILE, SECTIONS, SPARSE, Page, full_study, planted

from analysis.html_report.charts.scatters import MAX_DOTS
from analysis.html_report.headline import headline
from analysis.html_report.page import render
from analysis.html_report.trial_table import MAX_ROWS
from analysis.outputs import write_comparison
from analysis.records.search import SearchRecord
from fashion_wb.trial import Metric, Trial, TrialState

CONDITIONS = {"machine": "a <b>machine</b>", "seed": 0, "budget": {"trials": 10}, "final_command": None}


@pytest.fixture(scope="module")
def full() -> Page:
    return Page(render(full_study(), CONDITIONS, ["Not compared: ENTITY/x."]))


def test_a_full_study_has_every_section(full):
    assert full.sections == list(SECTIONS)
    assert "Not compared: ENTITY/x." in full.words


def test_the_page_needs_nothing_from_outside(full):
    assert [address for address in full.addresses if not address.startswith(("#", "data:,"))] == []
    assert all(address[1:] in full.ids for address in full.addresses if address.startswith("#"))
    assert len(full.ids) == len(set(full.ids))


def test_headings_do_not_skip_a_level_and_every_table_has_a_caption(full):
    levels = [int(tag[1]) for tag in full.tags if tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert full.tags.count("caption") == full.tags.count("table")
    assert full.tags.count("figcaption") == full.tags.count("figure")


def test_the_same_evidence_gives_the_same_page():
    assert render(full_study(2, 3, 3)) == render(full_study(2, 3, 3))


@pytest.mark.parametrize("case", SPARSE)
def test_sparse_studies_leave_no_figure_empty(case):
    evidence = SPARSE[case]()
    html = render(evidence)
    page = Page(html)
    placed = [name for name in page.figures if f'data-figure="{name}"' in html or name.startswith("curves-")]
    assert sorted(placed) == sorted(page.figures)
    for spec in page.figures.values():
        assert any(spec["datasets"].values())
        vl_convert.vegalite_to_vega(spec)
    assert "nan" not in page.text.lower().split() and "inf" not in page.text.lower().split()
    assert "were not recorded" in page.words
    assert "No winner was retrained." in page.words


def test_figures_are_valid_vega_lite_and_compile(full):
    for spec in full.figures.values():
        vl_convert.vegalite_to_vega(spec)
    for name in ("curves-steps", "winners-0", "space-0", "extra-0-0"):
        altair.Chart.from_dict(full.figures[name], validate=True)


def test_names_never_become_markup():
    one = search(trial(0, [0.5, 0.4]), method=HOSTILE)
    other = search(trial(0, [0.6]), method="plain", sweep="t")
    html = render(evidence_of([one, other]), {"machine": HOSTILE}, [HOSTILE])
    page = Page(html)
    assert html.count("<script") == len(page.scripts) == 5
    assert "alert(1)</script>" not in html
    assert "49" not in page.tables[0][1][0]
    assert page.tables[0][1][0] == HOSTILE
    assert page.text.count(HOSTILE) >= 4
    assert HOSTILE in json.dumps(page.figures, ensure_ascii=False).replace('\\"', '"')


def test_odd_names_of_metrics_and_parameters_are_shown_and_compile(tmp_path):
    """Dots and brackets are paths to Vega, bars and stars markup to Markdown, the rest markup to HTML."""
    names = ["net.a[0]", HOSTILE, "a|b*c`d", "\\'\"", "größe µ"]
    parameters = {name: {"min": 0.0, "max": 9.0} for name in names}
    chance = random.Random(0)
    rows = [{name: chance.uniform(0, 9) for name in names} for _ in range(20)]
    trials = tuple(
        Trial(n, f"r{n}", row, TrialState.FINISHED, ({"f1|*[x].y": row[HOSTILE], "_runtime": 1.0 + n},))
        for n, row in enumerate(rows)
    )
    one = SearchRecord("random", "s", Metric("f1|*[x].y", "maximize"), trials, 0, parameters)
    write_comparison([one], tmp_path)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = Page(html)
    assert html.count("<script") == 5 and {"parallel", "pareto", "importance", "slice-4"} <= set(page.figures)
    for spec in page.figures.values():
        vl_convert.vegalite_to_vega(spec)
    assert page.text.count(HOSTILE) >= 3 and "f1|*[x].y" in page.text
    markdown = (tmp_path / "comparison.md").read_text(encoding="utf-8")
    assert r"f1|\*\[x].y" in markdown and r"f1\|\*\[x].y" in markdown
    assert list(pd.read_csv(tmp_path / "trials.csv").columns)[5:10] == names


def test_one_search_of_each_method_gives_no_verdict():
    page = Page(render(evidence_of(plausible(4, 3))))
    assert "One search of each method cannot show which method is better." in page.words
    assert "No difference between methods is tested" in page.words
    assert "better than" not in page.words.replace("show which method is better", "")


@pytest.mark.parametrize(
    ("gaps", "said"),
    [
        ({"a": 0.0, "b": 0.1, "c": 0.2}, "a found a better valid_loss than each of the other 2 methods."),
        ({"a": 0.1, "b": 0.0}, "b found a better valid_loss than the other method."),
        (
            {"a": 0.0, "b": 0.0, "c": 0.1},
            "No method beats all others: 2 of 3 pairs differ, none is undecided.",
        ),
        ({"a": 0.0, "b": 0.0}, "All methods are equivalent within 0.01 of valid_loss."),
    ],
)
def test_the_headline_names_a_winner_only_if_it_beats_all_others(gaps, said):
    assert headline(planted(gaps)) == said


def test_the_headline_says_when_nothing_is_shown():
    assert (
        headline(planted({"a": 0.0, "b": 0.001}, noise=0.05))
        == "No method is shown to be better than another."
    )
    assert headline(SPARSE["two searches each"]()).startswith("Fewer than 3 paired replicates")
    assert headline(SPARSE["one method"]()) == "Only random was run: there is nothing to compare it with."
    assert headline(SPARSE["all failed"]()) == "There is no result to compare."


def test_the_two_cells_of_a_pair_have_opposite_verdicts():
    page = Page(render(planted({"a": 0.0, "b": 0.1, "c": 0.1})))
    matrix = next(table for table in page.tables if table[0][0] == "" and table[0][1:] == ["a", "b", "c"])
    cells = {
        (row[0], name): cell.split() for row in matrix[1:] for name, cell in zip("abc", row[1:], strict=True)
    }
    assert cells["a", "b"][1] == "better" and cells["b", "a"][1] == "worse"
    assert cells["b", "c"][1] == cells["c", "b"][1] == "equivalent"
    for a, b in ("ab", "ac", "bc"):
        assert float(cells[a, b][2]) == pytest.approx(-float(cells[b, a][2]))
        assert cells[a, b][-1] == "6"


def test_the_tables_show_the_evidence(full):
    evidence = full_study()
    found, spent = full.tables[:2]
    for one, row in zip(evidence.finals, found[1:], strict=True):
        assert row[:2] == [one.method, "5"]
        assert row[2].startswith(f"{one.median.value:.4f}{one.median.low:.4f} to {one.median.high:.4f}")
    totals = [row[1:5] for row in spent[1:]]
    columns = ["trials", "stopped", "failed", "steps"]
    assert totals == evidence.comparison[columns].astype(int).astype(str).to_numpy().tolist()
    trials = next(table for table in full.tables if "run" in table[0])
    losses = [row[trials[0].index("valid_loss")] for row in trials[1:]]
    known = [float(loss) for loss in losses if loss]
    assert len(losses) == len(evidence.trials) and known == sorted(known)
    assert losses[len(known) :] == [""] * evidence.trials["valid_loss"].isna().sum()


def test_the_comparison_writes_the_page_beside_its_tables(tmp_path):
    searches = [search(trial(0, [0.5])), search(method="random", sweep="t")]
    said = write_comparison(searches, tmp_path, left_out=["Not read: E/x."], conditions=CONDITIONS)
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "report.html" in said
    assert "Not read: E/x." in page.words and "not compared: random (t)." in page.words
    assert "a <b>machine</b>" in page.text


def test_conditions_are_listed_and_escaped(full):
    assert "a <b>machine</b>" in full.text and "10 trials" in full.text and "final command" in full.text


@pytest.mark.long
def test_ten_thousand_runs_make_a_small_page_in_seconds():
    evidence = evidence_of(plausible(trials=100, epochs=2, sweeps=20))
    assert len(evidence.trials) == 10_000
    start = time.perf_counter()
    html = render(evidence)
    assert time.perf_counter() - start < 30
    assert len(html) < 3_000_000
    page = Page(html)
    assert f"{MAX_ROWS:,} best trials, of 10,000" in page.words
    assert max(map(len, page.tables)) == MAX_ROWS + 1
    drawn = [
        len(spec["datasets"]["finished"]) + len(spec["datasets"]["stopped"])
        for name, spec in page.figures.items()
        if name.startswith("space-")
    ]
    assert sum(drawn) == MAX_DOTS
    assert f"Only {MAX_DOTS:,} of" in page.words
