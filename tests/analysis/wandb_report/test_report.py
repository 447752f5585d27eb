"""The blocks and charts of the W&B report, from hand-made searches and without a server."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from analysis_cases import OWN, evidence_of, hand_made, plausible, search, trial, trials_of

from analysis.figures.style import method_styles
from analysis.outputs import write_comparison
from analysis.tables.comparison import verdict
from analysis.wandb_report.report import LONGEST_TITLE, MARK, build_report
from analysis.wandb_report.reports_package import wr
from fashion_wb.server.path import WandbPath

MADE = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
# Charts that a run stopped early would distort.
FOR_FINISHED_RUNS = (wr.ParallelCoordinatesPlot, wr.ParameterImportancePlot)


def build(searches, *left_out, project="fashion"):
    evidence = evidence_of(searches)
    return build_report(evidence, WandbPath("somebody", project), left_out, version="1.2.3", made=MADE)


def grids(report):
    return [block for block in report.blocks if isinstance(block, wr.PanelGrid)]


def panels(report, kind):
    return [panel for grid in grids(report) for panel in grid.panels if isinstance(panel, kind)]


def tables(report):
    return [block.text for block in report.blocks if isinstance(block, wr.MarkdownBlock)]


def texts(report):
    return [block.text for block in report.blocks if isinstance(block, wr.P)]


def the_verdict(report):
    """The text under the first heading."""
    assert isinstance(report.blocks[1], wr.H2) and isinstance(report.blocks[2], wr.CalloutBlock)
    return report.blocks[2].text


def spec(report):
    """The JSON that W&B receives."""
    return report._to_model().spec.model_dump_json(by_alias=True, exclude_none=True)


def is_finished_only(grid):
    return all("Metric(\"State\") == 'finished'" in runset.filters for runset in grid.runsets)


def needs_finished_runs(panel):
    colours = isinstance(panel, wr.ScatterPlot) and panel.z is not None
    averages = isinstance(panel, wr.LinePlot) and panel.groupby is not None
    return colours or averages or isinstance(panel, FOR_FINISHED_RUNS)


def test_the_report_starts_with_the_result_and_ends_with_how_it_was_made():
    report = build(plausible())
    headings = [block.text for block in report.blocks if isinstance(block, wr.H2)]
    assert headings == [
        *(
            "Result",
            "The methods side by side",
            "Incumbent: the best run so far",
            "All runs",
            "Runs trained to the end",
        ),
        *("Time", "Method by method", "What this can and cannot show", "How this report was made"),
    ]
    assert the_verdict(report) == verdict(evidence_of(plausible()))
    assert [block.text for block in report.blocks if isinstance(block, wr.H3)] == [
        *("random", "bayes", "hyperband", "hyperopt", "optuna")
    ]


@pytest.mark.parametrize("searches", [plausible(), hand_made()], ids=["plausible", "hand-made"])
def test_the_table_is_the_one_of_the_comparison(searches, tmp_path):
    write_comparison(searches, tmp_path, reported=OWN)
    comparison = (tmp_path / "comparison.md").read_text()
    table = tables(build(searches))[0]
    assert f"\n\n{table}\n\n" in comparison and table.count("\n") == 1 + len(searches)


def test_the_incumbent_is_given_at_the_quarters_of_the_longest_search():
    first = search(trial(0, [0.5, 0.25]), trial(1, [0.125, 0.375, 0.75, 0.75, 0.75, 0.0625]), method="a")
    second = search(trial(0, [0.03125, 0.01], "failed"), trial(1, [0.625], "stopped"), method="b", sweep="t")
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in tables(build([first, second]))[1].splitlines()
    ]
    assert lines[0] == [
        "method",
        "sweep",
        *(f"after {n}" for n in (2, 4, 6, 8)),
        "at the end",
        "epochs spent",
    ]
    assert lines[2:] == [
        ["a", "s", "0.2500", "0.1250", "0.1250", "0.0625", "0.0625", "8"],
        ["b", "t", "", "", "", "", "0.6250", "3"],
    ]


def test_each_method_has_a_runset_of_its_sweeps_with_coloured_runs():
    searches = plausible(trials=3, sweeps=2)
    overview = grids(build(searches))[0]
    assert [runset.name for runset in overview.runsets] == [each.method for each in searches[::2]]
    assert [runset.filters for runset in overview.runsets] == [
        f"Metric(\"Sweep\") in ['{each.method}0', '{each.method}1']" for each in searches[::2]
    ]
    styles = method_styles([each.method for each in searches[::2]])
    assert overview.custom_run_colors == {
        run.run_id: styles[each.method].colour for each in searches for run in each.trials
    }
    assert len({styles[each.method].colour for each in searches}) == 5
    for runset in overview.runsets:
        assert {"config:lr.value", "summary:valid_loss"} <= set(runset.pinned_columns) and runset.lock_columns


def test_runs_stopped_early_are_in_no_map_and_no_average():
    report = build(plausible())
    needy = [(grid, panel) for grid in grids(report) for panel in grid.panels if needs_finished_runs(panel)]
    # The mean curves, a map of all and one for each method, the parallel coordinates and the importance.
    assert len(needy) == 1 + 1 + 5 + 1 + 1
    assert all(is_finished_only(grid) for grid, _ in needy)
    others = [grid for grid in grids(report) if not any(needs_finished_runs(panel) for panel in grid.panels)]
    assert len(others) == 1 + 1 + 5 and not any(is_finished_only(grid) for grid in others)


def test_failed_runs_are_hidden_where_they_would_look_like_results():
    report = build(hand_made())
    hidden = [
        {run for runset in grid.runsets for run, shown in runset.run_settings.items() if shown.disabled}
        for grid in grids(report)
        if not is_finished_only(grid)
    ]
    # All runs; the time, to which failed runs contribute; then bayes and hyperband.
    assert hidden == [{"r0", "r1", "r3", "h2"}, set(), {"r3"}, {"h2"}]


def test_charts_use_only_keys_that_runs_log():
    found = json.loads(spec(build(plausible())))
    configs = [
        panel["config"]
        for block in found["blocks"]
        if block["type"] == "panel-grid"
        for panel in block["metadata"]["panelBankSectionConfig"]["panels"]
    ]
    axes = {config[key] for config in configs for key in ("xAxis", "yAxis", "zAxis") if key in config}
    assert axes == {
        *("epoch", "config:lr.value", "config:filters.value", "run:createdAt"),
        "summary:valid_loss",
    }
    assert {metric for config in configs for metric in config.get("metrics", ())} == {
        "valid_loss",
        "_runtime",
    }
    assert [config["targetKey"] for config in configs if "targetKey" in config] == ["valid_loss"]
    (columns,) = (config["columns"] for config in configs if "columns" in config)
    assert [(column["accessor"], column.get("log", False)) for column in columns] == [
        ("config:filters.value", False),
        ("config:units1.value", False),
        ("config:units2.value", False),
        ("config:lr.value", True),
        ("summary:valid_loss", False),
        ("summary:valid_accuracy", False),
    ]


def test_methods_share_their_scales():
    report = build(plausible())
    maps = [panel for panel in panels(report, wr.ScatterPlot) if panel.z is not None]
    assert len({(panel.range_x, panel.range_y, panel.range_z) for panel in maps}) == 1
    finished = trials_of(plausible()).query("state == 'finished'")
    for limits, name in zip(
        (maps[0].range_x, maps[0].range_y, maps[0].range_z), ("lr", "filters", "valid_loss"), strict=True
    ):
        assert limits[0] < finished[name].min() < finished[name].max() < limits[1]
    best = [panel for panel in panels(report, wr.ScatterPlot) if panel.z is None]
    assert len(best) == 5 and len({panel.range_y for panel in best}) == 1
    assert all(panel.running_ymin for panel in best)


def test_a_single_run_leaves_the_scales_to_wandb():
    report = build([search(trial(0, [0.5, 0.25]))])
    assert {panel.range_y for panel in panels(report, wr.ScatterPlot)} == {(None, None)}
    assert "Only one method was run (n = 1)" in the_verdict(report)


def test_without_finished_runs_a_sentence_replaces_empty_charts():
    report = build([search(trial(0, [0.5], "stopped"), trial(1, [0.25], "running"))])
    assert not any(needs_finished_runs(panel) for grid in grids(report) for panel in grid.panels)
    assert "No run has been trained to the end, so there is nothing to draw." in texts(report)
    assert "1 trial still running" in the_verdict(report)


def test_without_epochs_there_are_no_charts_of_epochs():
    report = build([search(trial(0, [], "failed"), trial(1, [], "running"))])
    assert "No run has logged valid_loss yet." in texts(report)
    assert panels(report, wr.ScatterPlot) == []
    assert the_verdict(report).startswith("No trial finished with a valid_loss (1 running, 1 failed)")


def test_the_report_says_what_it_leaves_out_and_how_it_was_made():
    report = build(hand_made(), "Left out: 3 runs.", "Left out: a sweep.")
    (notes,) = (block for block in report.blocks if isinstance(block, wr.UnorderedList))
    assert notes.items[-2:] == ["Left out: 3 runs.", "Left out: a sweep."]
    code, sentence = next(block.text for block in report.blocks[::-1] if isinstance(block, wr.P))
    assert code.text == "fashion-wb report somebody/fashion"
    assert "fashion-wb 1.2.3, 2026-01-02 03:04 UTC" in sentence
    assert tables(report)[-1].splitlines()[-1].replace(" ", "") == r"|op\|una|ccc|2|0|0|0|2|"


def test_the_description_has_the_mark_and_the_title_is_not_too_long():
    report = build(plausible(1, 1), project="p" * 128)
    assert MARK in report.description and len(report.title) == LONGEST_TITLE


def test_the_report_grows_little_per_run():
    # A run is named, with its colour, in each of the four grids that draw it.
    few, many = (len(spec(build(plausible(trials=trials, epochs=1)))) for trials in (50, 200))
    assert many - few < 200 * 750
