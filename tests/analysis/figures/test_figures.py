"""The figures draw every trial that they should, and draw sparse studies without warnings."""

from __future__ import annotations

from dataclasses import replace

import pytest
from analysis_cases import hand_made, plausible, search, steps_of, subject_for, trial, trials_of
from matplotlib.figure import Figure

from analysis.evidence import gather
from analysis.figures.curves import curves_figure
from analysis.figures.incumbent import incumbent_figure
from analysis.figures.seconds import seconds_figure
from analysis.figures.style import label, method_styles, save
from analysis.figures.two_parameters import two_parameters_figure
from analysis.records.frames import trials_frame
from analysis.records.search import SearchRecord
from analysis.records.subject import subject_of
from analysis.statistics.incumbents.curves import Curve, incumbent_curves, search_spending
from analysis.statistics.methods import compare
from fashion_wb.trial import Metric, Trial, TrialState


def bare(state: str = "finished") -> Trial:
    return Trial(0, "r0", {}, TrialState(state), ({"valid_loss": 0.5},))


SPARSE = {
    "hand made": hand_made(),
    "one trial": [search(trial(0, [0.5]))],
    "one epoch each": [search(trial(0, [0.5]), trial(1, [0.5], filters=4, lr=0.001))],
    "identical": [search(*(trial(n, [0.5, 0.5], filters=4, lr=0.001) for n in range(3)))],
    "all failed": [search(trial(0, [0.5], "failed"), trial(1, [], "failed"))],
    "all stopped": [search(trial(0, [0.5], "stopped"), trial(1, [0.4], "stopped"))],
    "running": [search(trial(0, [0.5], "running"))],
    "no hyperparameters, no time": [search(bare())],
    "zeros": [search(trial(0, [0.0], seconds=0.0, filters=0, lr=0.0))],
    "huge and tiny": [search(trial(0, [1e9], lr=1e-30), trial(1, [1e-9], lr=1e30, filters=10**9))],
    "odd name": [search(trial(0, [0.5]), method="a$b_{ very long name of a method $")],
    "nothing": [search()],
    "eight methods": [search(trial(n, [0.5]), method=f"m{n}") for n in range(8)],
}


def two_parameters(searches: list[SearchRecord]) -> Figure:
    subject = subject_for(searches)
    shown = [one for one in subject.parameters if one.name in ("filters", "lr")]
    return two_parameters_figure(trials_of(searches), subject, shown)


def seconds(searches: list[SearchRecord]) -> Figure:
    subject = subject_for(searches)
    return seconds_figure(compare(trials_of(searches), subject), subject)


def incumbents(searches: list[SearchRecord]) -> Figure:
    return incumbent_figure(steps_of(searches), subject_for(searches))


def curves(searches: list[SearchRecord], axis: str = "steps") -> tuple[Curve, ...]:
    return incumbent_curves(search_spending(trials_of(searches), steps_of(searches), axis), axis)


def drawn_curves(searches: list[SearchRecord]) -> Figure:
    return curves_figure(curves(searches), subject_for(searches))


def marks(figure: Figure, state: str) -> int:
    found = (c for axes in figure.axes for c in axes.collections if c.get_gid() == state)
    return sum(len(collection.get_offsets()) for collection in found)


@pytest.mark.parametrize("case", SPARSE)
def test_sparse_cases_draw_without_a_warning(case):
    for draw in (incumbents, two_parameters, seconds):
        draw(SPARSE[case]).draw_without_rendering()


@pytest.mark.parametrize("case", SPARSE)
def test_sparse_curves_draw_without_a_warning(case):
    drawn_curves(SPARSE[case]).draw_without_rendering()


def test_curves_are_medians_with_a_band_from_five_searches_on():
    searches = plausible(10, 10, 0, 5)
    found, figure = curves(searches), drawn_curves(searches)
    (axes,) = figure.axes
    for line, curve in zip(axes.lines, found, strict=True):
        assert line.get_ydata().tolist() == curve.median.tolist()
        assert line.get_label() == f"{curve.method} (n = 5)"
    assert "pointwise 93.75% band" in axes.get_title()
    assert all(len(band.get_paths()) == 1 for band in axes.collections)
    few = drawn_curves(plausible(4, 4, 0, 4))
    assert "too few for a band" in few.axes[0].get_title()
    assert not any(len(band.get_paths()) for band in few.axes[0].collections)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_finished_and_stopped_trials_have_different_markers(seed):
    searches = plausible(seed=seed)
    states = trials_of(searches)["state"].value_counts()
    figure = two_parameters(searches)
    assert marks(figure, "finished") == states["finished"]
    assert marks(figure, "stopped") == states["stopped"]
    caption = figure.get_supxlabel()
    assert (f"{states.get('failed', 0)} failed" in caption) == ("failed" in states)


def test_stopped_trials_do_not_change_the_colour_scale():
    trials = [trial(0, [0.1]), trial(1, [0.2]), trial(2, [0.9], "stopped")]
    figure = two_parameters([search(*trials)])
    points = next(c for c in figure.axes[0].collections if c.get_gid() == "finished")
    crosses = next(c for c in figure.axes[0].collections if c.get_gid() == "stopped")
    assert points.get_clim() == pytest.approx((0.1, 0.2))
    assert crosses.get_array() is None


def test_trials_that_cannot_be_drawn_are_counted():
    figure = two_parameters(hand_made())
    caption = figure.get_supxlabel()
    assert "4 failed, 1 running, 3 without a value that the axes can show" in caption


def test_each_search_has_an_incumbent_line_in_the_style_of_its_method():
    axes = incumbents(plausible(sweeps=2)).axes[0]
    lines = axes.get_lines()
    assert len(lines) == 10
    assert len({line.get_color() for line in lines}) == 5
    assert len({line.get_linestyle() + line.get_marker() for line in lines}) == 5
    assert len(axes.get_legend().get_texts()) == 5
    assert "10 searches of 5 methods" in axes.get_title()


def test_the_incumbent_line_counts_epochs_of_stopped_and_failed_trials():
    trials = (trial(0, [0.5, 0.4]), trial(1, [0.3], "stopped"), trial(2, [0.1, 0.1], "failed"))
    (line,) = incumbents([search(*trials)]).axes[0].get_lines()
    assert list(line.get_xdata()) == [1, 2, 3, 4, 5]
    assert list(line.get_ydata()) == [0.5, 0.4, 0.3, 0.3, 0.3]


def test_every_line_ends_inside_the_figure():
    slow = search(*(trial(n, [2.0] * 10) for n in range(5)), method="slow")
    short = search(trial(0, [3.0, 2.5]), method="short")
    axes = incumbents([*plausible(), slow, short]).axes[0]
    low, high = axes.get_ylim()
    assert all(low <= line.get_ydata()[-1] <= high for line in axes.get_lines())


def test_bars_show_seconds_and_their_labels_trials_and_epochs():
    axes = seconds(hand_made()).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [20.0, 10.5, 2.5]
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert names[0] == "bayes\n4 trials (1 stopped, 1 failed), 8 epochs"
    assert names[2] == "op|una\n2 trials (2 failed), 1 epoch"


def test_an_unknown_duration_is_labelled_unknown():
    axes = seconds([search(bare())]).axes[0]
    assert "unknown" in [text.get_text() for text in axes.texts]


def test_the_same_figure_gives_the_same_bytes(tmp_path):
    for name in ("a.png", "b.png"):
        save(two_parameters(plausible()[:2]), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_text_stays_inside_the_figure():
    searches = [replace(s, method=s.method + " with a long name") for s in plausible()]
    for figure in (two_parameters(searches), seconds(searches)):
        figure.draw_without_rendering()
        box = figure.get_tightbbox()
        assert box.x0 >= 0 and box.y0 >= 0
        assert box.x1 <= figure.get_figwidth() and box.y1 <= figure.get_figheight()


def test_styles_are_distinct_and_names_are_not_read_as_formulas():
    assert len(set(method_styles(map(str, range(35))).values())) == 35
    assert label("$x$") == r"\$x\$"
    assert len(label("x" * 99)) == 18


def varied() -> SearchRecord:
    """Return a search over a category, a number on a log scale and an odd name, of a maximised metric."""
    parameters = {
        "kind $x$": {"values": ["a", None, True]},
        "net.a[0]": {"distribution": "log_uniform_values", "min": 1e-6, "max": 1.0},
        "loss": {"values": [1, 2]},
    }
    trials = tuple(
        Trial(
            n,
            f"r{n}",
            {"kind $x$": ("a", None, True)[n % 3], "net": {"a[0]": 10.0**-n}, "loss": 1 + n % 2},
            TrialState.FINISHED,
            tuple({"score": 0.1 * n + step} for step in range(3)),
        )
        for n in range(6)
    )
    return SearchRecord("random", "s", Metric("score", "maximize"), trials, 0, parameters)


@pytest.mark.parametrize("shown", [(0, 1), (1, 0), (2, 0), (1,), (0,), ()])
def test_any_kinds_of_parameters_are_drawn(shown):
    subject = subject_of([varied()])
    trials = trials_frame([varied()], subject)
    figure = two_parameters_figure(trials, subject, [subject.parameters[i] for i in shown])
    figure.draw_without_rendering()
    assert marks(figure, "finished") == (6 if shown else 0)


def test_curves_of_a_maximised_metric_rise():
    evidence = gather([replace(varied(), sweep=str(n), replicate=n) for n in range(5)])
    figure = curves_figure(evidence.curves["steps"], evidence.subject)
    (line,) = figure.axes[0].lines
    assert (
        list(line.get_ydata()) == sorted(line.get_ydata()) and "Highest score" in figure.axes[0].get_title()
    )
    single = incumbent_figure(evidence.steps, evidence.subject)
    single.draw_without_rendering()
    assert max(single.axes[0].lines[0].get_ydata()) == evidence.finals[0].median.value
