"""The live page in headless Chromium: it fills while a sweep runs, explains, sorts, filters, and escapes."""

from __future__ import annotations

import re
import subprocess
import time

import pytest
from html_cases import NO_CHROMIUM, chromium, started_browser
from sweep_cases import COMMAND, environment, place, yaml
from view_cases import add_trial, fill, new_sweep, ready, served

from fashion_wb.trial import TrialState

pytestmark = [
    pytest.mark.processes,
    pytest.mark.long,
    pytest.mark.skipif(chromium() is None, reason=NO_CHROMIUM),
]
WIDE = {"width": 1280, "height": 900}
DRAWN = "[data-figures=drawn]"
HOSTILE = "<img src=x onerror=alert(1)><script>alert(1)</script>"
# Trials whose x is above 0.5 are worse from the first value on, so hyperband stops some.
SLOW = "x: {min: 0.0, max: 1.0}\nsteps: {value: 9}\npause: {value: 0.25}"
STOPPING = "early_terminate: {type: hyperband, min_iter: 3, eta: 2}\n"


@pytest.fixture(scope="module")
def browser():
    with started_browser() as started:
        yield started


@pytest.fixture
def show(browser):
    """Open a page; at the end, check for errors and for requests to anywhere else."""
    contexts, troubles, requests = [], [], []

    def opened(address, viewport=WIDE, **options):
        context = browser.new_context(viewport=viewport, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(address)
        page.wait_for_selector("h1", timeout=30_000)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert troubles == []
    assert all(url.startswith(("http://127.0.0.1:", "data:", "blob:")) for url in requests)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A study of two methods with three replicates, and a sweep of 50 trials, one of them running."""
    root = tmp_path_factory.mktemp("watched")
    for method in ("random", "bayes"):
        for replicate in range(3):
            name = f"{method}-r{replicate}"
            fill(new_sweep(root / "study" / name, name), 18, seed=replicate + 10 * (method == "bayes"))
    alone = fill(new_sweep(root / "alone", "alone"), 49)
    alone.output_file(alone.run_id(3)).write_text(f"{HOSTILE}\n")
    add_trial(alone, 49, [0.9, 0.8, 0.7], TrialState.RUNNING)
    with served(root / "study", root / "alone") as found:
        ready(found)
        yield found


def go(page, *names):
    for name in names:
        page.get_by_role("link", name=name, exact=True).first.click()
    page.wait_for_selector(DRAWN, timeout=60_000)


def cells(page, name):
    """The visible cells of a column of the table of trials."""
    heads = [re.sub(r"\W+$", "", text) for text in page.locator(".trials thead th").all_text_contents()]
    rows = page.locator(".trials tbody tr:not(.pad):not(.group)").all()
    return [row.locator("th, td").nth(heads.index(name)).text_content() for row in rows]


def test_a_running_sweep_fills_the_page_and_a_stop_says_why(show, tmp_path):
    place(tmp_path, yaml(SLOW, more=STOPPING))
    (tmp_path / "runs").mkdir()
    with served(tmp_path / "runs") as address:
        page = show(address)
        assert "No sweep is here yet" in page.text_content("main")
        command = [*COMMAND, "sweep", "sweep.yaml", "--count", "6", "--workers", "2"]
        process = subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL)
        page.wait_for_selector(".card[data-run]", timeout=60_000)
        page.wait_for_selector("text=/[2-9] values logged/", timeout=60_000)
        page.wait_for_selector(".events .state.stopped", timeout=60_000)
        reason = page.locator(".events li").first.text_content()
        assert re.search(
            r"early stopping at the \d\w\w value: loss [\d.]+ is worse than [\d.]+, the ", reason
        )
        assert process.wait(timeout=90) == 0
        page.wait_for_selector(".facts dd >> text=6", timeout=30_000)
        page.wait_for_selector("text=Nothing runs at the moment", timeout=30_000)
        page.locator(".events a").first.click()
        page.wait_for_selector(DRAWN, timeout=30_000)
        assert "is worse than" in page.text_content("main")


def test_every_figure_of_a_sweep_is_drawn(show, address):
    page = show(address)
    go(page, "alone")
    for name in ("history", "learning-curves", "timeline", "parallel", "contour", "importance"):
        plot = page.locator(f".plot[data-figure={name}]")
        assert plot.locator("svg path").count() > 0, name
        assert plot.get_attribute("role") == "img" and len(plot.get_attribute("aria-label")) > 15


def test_a_study_shows_its_verdict_and_its_methods_can_be_hidden(show, address):
    page = show(address)
    page.locator("h2 a").first.click()
    page.wait_for_selector(DRAWN, timeout=60_000)
    assert "Verdict so far" in page.text_content("main")
    assert page.locator(".matrix tbody tr").count() == 2
    page.get_by_label("bayes", exact=True).uncheck()
    page.wait_for_selector(".trials td:text-is('bayes')", state="detached")
    assert set(cells(page, "method")) == {"random"}


def test_the_table_sorts_filters_and_groups(show, address):
    page = show(address)
    go(page, "alone")
    values = [float(text) for text in cells(page, "best loss") if text[0].isdigit()]
    assert values == sorted(values)
    head = page.locator(".trials thead").get_by_role("button", name="trial")
    head.focus()
    page.keyboard.press("Enter")
    numbers = [int(text) for text in cells(page, "trial")]
    assert numbers == sorted(numbers) and numbers[0] == 0
    page.keyboard.press("Enter")
    assert cells(page, "trial")[0] == "49"
    page.select_option(".filters select >> nth=0", "stopped")
    assert set(cells(page, "state")) == {"stopped"}
    assert all("is worse than" in reason for reason in cells(page, "reason"))
    page.select_option(".filters select >> nth=0", "")
    page.fill(".filters input", "x<0.3 finished")
    assert cells(page, "x") and all(float(text) < 0.3 for text in cells(page, "x"))
    page.fill(".filters input", "")
    page.select_option(".filters select >> nth=1", "state")
    assert page.locator(".trials tr.group").first.text_content().startswith("state ")
    page.get_by_text("Columns").click()
    page.get_by_label("run", exact=True).check()
    assert all(re.fullmatch(r"\w{8}-\d{4}", text) for text in cells(page, "run"))


def test_a_rectangle_over_an_axis_leaves_the_lines_that_pass_it(show, address):
    page = show(address)
    go(page, "alone")
    plot = page.locator(".plot[data-figure=parallel]")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    faint = "els => els.filter(el => Number(el.getAttribute('opacity')) < 0.1).length"
    lines = plot.locator(".mark-line.role-mark path")
    assert lines.evaluate_all(faint) == 0
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.02 * box["width"], middle - 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.2 * box["width"], middle, steps=5)
    page.mouse.up()
    page.wait_for_timeout(300)
    assert 0 < lines.evaluate_all(faint) < lines.count()


def test_a_trial_shows_its_curves_output_files_and_command(show, address):
    page = show(address)
    go(page, "alone", "3")
    text = page.text_content("main")
    assert HOSTILE in page.locator("pre.output").text_content()
    assert "python train.py" in text and "early stopping" in text
    assert page.locator(".plot[data-figure=loss] svg").count() == 1
    with page.expect_download() as saved:
        page.locator(".files a").first.click()
    assert saved.value.suggested_filename.endswith(".wandb")


@pytest.mark.parametrize("trials", [0, 1])
def test_few_trials_are_shown_without_errors(show, tmp_path, trials):
    fill(new_sweep(tmp_path / "few", HOSTILE, metric={"name": HOSTILE}), 0)
    fill(new_sweep(tmp_path / "other", "few"), trials)
    with served(tmp_path) as found:
        ready(found)
        page = show(found)
        assert HOSTILE in page.text_content("main")
        go(page, "few")
        assert ("No trial has logged" in page.text_content("main")) is (trials == 0)


@pytest.mark.parametrize("width", [320, 390, 768])
def test_a_narrow_screen_does_not_scroll_sideways(width, show, address):
    page = show(address, {"width": width, "height": 800})
    fits = "document.documentElement.scrollWidth"
    assert page.evaluate(fits) <= width
    go(page, "alone")
    assert page.evaluate(fits) <= width
    go(page, "3")
    assert page.evaluate(fits) <= width


def test_a_wrong_address_says_what_to_do(browser, address):
    context = browser.new_context()
    page = context.new_page()
    answer = page.goto(address[:-2] + "x/")
    assert answer.status == 403 and "Open the one that fashion-wb view has printed" in page.text_content(
        "body"
    )
    context.close()


def test_a_long_table_draws_the_rows_in_view(show, tmp_path):
    sweep = new_sweep(tmp_path / "s")
    fill(sweep, 400)
    with served(tmp_path) as found:
        ready(found)
        page = show(found)
        go(page, "bayes-r0")
        assert page.locator(".trials tbody tr").count() < 80
        page.locator(".trials").evaluate("place => { place.scrollTop = place.scrollHeight; }")
        time.sleep(0.3)
        last = cells(page, "trial")[-1]
        assert int(last) < 400 and "400 of 400" in page.text_content(".filters output")
