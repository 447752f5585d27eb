"""report.html in headless Chromium: no errors, no requests, and everything that can be clicked works."""

from __future__ import annotations

import pytest
from html_cases import HOSTILE, NO_CHROMIUM, SPARSE, chromium, full_study, started_browser

from analysis.html_report.page import render

pytestmark = [
    pytest.mark.processes,
    pytest.mark.long,
    pytest.mark.skipif(chromium() is None, reason=NO_CHROMIUM),
]

DRAWN = "html[data-figures=drawn]"
METHODS = ["random", "bayes", "hyperband", "hyperopt", "optuna"]
WIDE = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def browser():
    with started_browser() as started:
        yield started


@pytest.fixture(scope="module")
def full_path(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render(full_study(), {"machine": "test"}), encoding="utf-8")
    return path


@pytest.fixture
def show(browser):
    """Open a file and give its page once the figures are drawn. At the end, check for errors and requests."""
    contexts, troubles, requests = [], [], []

    def opened(path, viewport=WIDE, **options):
        context = browser.new_context(viewport=viewport, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(path.as_uri())
        if options.get("java_script_enabled", True):
            page.wait_for_selector(DRAWN, timeout=60_000)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert troubles == []
    assert all(url.startswith(("file:", "data:")) for url in requests)


def rows_shown(page):
    """The cells of the visible rows of the trials."""
    script = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    return page.eval_on_selector_all("#trial-table tbody tr:not([hidden])", script)


def column(page, name):
    heads = page.eval_on_selector_all("#trial-table thead th", "heads => heads.map(head => head.textContent)")
    at = heads.index(name)
    return [row[at] for row in rows_shown(page)]


def sort_by(page, name):
    page.get_by_role("columnheader", name=name, exact=True).get_by_role("button").click()


def curves(page):
    return page.locator("#curves-plot svg .mark-line.role-mark path").count()


def axis_title(page):
    return page.locator("#curves-plot svg .role-axis-title text").all_text_contents()


def test_every_figure_is_drawn(show, full_path):
    page = show(full_path)
    places = page.locator(".plot")
    assert places.count() == 19
    for place in places.all():
        assert place.locator("svg path").count() > 0
        assert place.get_attribute("role") == "img" and len(place.get_attribute("aria-label")) > 20
    assert curves(page) == len(METHODS)
    assert page.locator("#curves-plot svg .mark-area.role-mark path").count() == len(METHODS)


@pytest.mark.parametrize(
    "case", ["one search each", "all failed", "no hyperparameters, no time", "identical"]
)
def test_sparse_studies_draw_without_errors(case, show, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(render(SPARSE[case]()), encoding="utf-8")
    page = show(path)
    assert all(place.locator("svg").count() == 1 for place in page.locator(".plot").all())


def test_hostile_names_are_shown_unchanged(show, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(render(SPARSE["hostile names"]()), encoding="utf-8")
    page = show(path)
    assert page.locator("#comparison tbody th").first.text_content() == HOSTILE
    page.get_by_label(HOSTILE, exact=True).uncheck()
    assert column(page, "method") == ["a.b[0]"]
    assert curves(page) == 1


def test_numbers_sort_as_numbers_and_empty_cells_come_last(show, full_path):
    page = show(full_path)
    total = len(rows_shown(page))
    for name in ("lr", "valid_loss", "filters"):
        sort_by(page, name)
        first = column(page, name)
        sort_by(page, name)
        second = column(page, name)
        known = sorted(float(cell) for cell in first if cell)
        both = [[float(cell) for cell in cells if cell] for cells in (first, second)]
        assert sorted(both, key=lambda values: values[0]) == [known, known[::-1]]
        assert first[len(known) :] == second[len(known) :] == [""] * (total - len(known))
        assert page.locator("#trial-table [aria-sort]").all_text_contents() == [name]


def test_text_columns_sort_also_by_keyboard(show, full_path):
    page = show(full_path)
    page.get_by_role("columnheader", name="method", exact=True).get_by_role("button").focus()
    page.keyboard.press("Enter")
    names = column(page, "method")
    assert names == sorted(names) and set(names) == set(METHODS)


def test_the_table_filters_by_text_and_state(show, full_path):
    page = show(full_path)
    total = len(rows_shown(page))
    page.select_option("#trial-state", "stopped")
    assert set(column(page, "state")) == {"stopped"} and 0 < len(rows_shown(page)) < total
    page.select_option("#trial-state", "")
    page.fill("#trial-text", "BAYES finished")
    found = rows_shown(page)
    assert {row[0] for row in found} == {"bayes"} and set(column(page, "state")) == {"finished"}
    assert page.locator("#trial-count").text_content() == f"{len(found)} of {total} shown"
    page.fill("#trial-text", "no such run")
    assert rows_shown(page) == []


def test_unticking_a_method_removes_it_from_figures_panels_and_table(show, full_path):
    page = show(full_path)
    page.get_by_label("bayes", exact=True).uncheck()
    page.wait_for_function("document.querySelectorAll('#curves-plot .mark-line.role-mark path').length === 4")
    assert page.locator(".panel[data-method]:visible").count() == 4
    assert set(column(page, "method")) == set(METHODS) - {"bayes"}
    page.get_by_label("seconds", exact=True).check()
    page.wait_for_selector("#curves-plot[data-drawn=curves-seconds]")
    assert curves(page) == 4


def test_the_curves_are_drawn_over_the_chosen_axis(show, full_path):
    page = show(full_path)
    assert any(title.startswith("epochs") for title in axis_title(page))
    for axis in ("trials", "seconds"):
        page.get_by_label(axis, exact=True).check()
        page.wait_for_selector(f"#curves-plot[data-drawn=curves-{axis}]")
        assert any(title.startswith(axis) for title in axis_title(page))
        assert curves(page) == len(METHODS)


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        ("finals", ["method", "replicate", "0."]),
        ("curves-steps", ["method", "epochs", "median of the incumbents", "searches (n)"]),
        ("space-0", ["finished", "filters", "valid_loss"]),
    ],
)
def test_pointing_at_a_dot_shows_its_numbers(figure, expected, show, full_path):
    page = show(full_path)
    dots = page.locator(f".plot[data-figure={figure}] .mark-symbol.role-mark").last.locator("path")
    dots.nth(dots.count() // 8).hover(force=True)
    page.wait_for_selector("#vg-tooltip-element.visible")
    tip = page.locator("#vg-tooltip-element").text_content()
    assert [word for word in expected if word not in tip] == [] and "undefined" not in tip
    assert figure.startswith("space") or any(method in tip for method in METHODS)


@pytest.mark.parametrize("width", [320, 390, 768])
def test_a_narrow_screen_does_not_scroll_sideways(width, show, full_path):
    page = show(full_path, {"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    plots = page.eval_on_selector_all(".plot svg", "all => all.map(svg => svg.getBoundingClientRect().right)")
    assert max(plots) <= width


def test_in_dark_mode_page_and_figures_are_dark(show, full_path):
    colours = {}
    for scheme in ("light", "dark"):
        page = show(full_path, color_scheme=scheme)
        script = "([where, name]) => getComputedStyle(document.querySelector(where))[name]"
        paper = page.evaluate(script, ["body", "backgroundColor"])
        ink = page.evaluate(script, ["body", "color"])
        assert page.evaluate(script, ["#curves-plot .role-axis-title text", "fill"]) == ink
        colours[scheme] = (paper, ink)
    assert colours["light"][0] == "rgb(255, 255, 255)"
    assert colours["dark"][0] != colours["light"][0] and colours["dark"][1] != colours["light"][1]


def test_without_javascript_text_and_tables_remain(show, full_path):
    page = show(full_path, java_script_enabled=False)
    assert page.locator("h1").is_visible()
    assert page.get_by_text("The figures need JavaScript").is_visible()
    assert page.locator("table").count() >= 6
    for useless in ("figure", ".filters", ".legend"):
        assert not page.locator(useless).first.is_visible()


def test_the_print_is_short_and_shows_the_numbers_of_the_pairs(show, full_path):
    page = show(full_path)
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#trial-table tbody tr:visible").count() == 20
    assert page.get_by_text("Only the first 20 are printed.").is_visible()
    assert page.locator("details table").is_visible()
    assert not page.locator("nav").is_visible()
    assert len(page.pdf()) > 10_000
