"""The bundled Vega libraries are cached on disk, and a bad cache never costs more than time."""

from __future__ import annotations

import importlib.metadata

import pytest
import vl_convert
from analysis_cases import search, trial

from analysis.evidence import gather
from analysis.html_report.page import render
from analysis.html_report.vega_bundle import SNIPPET, cache_file, vega_bundle

SCRIPT = "window.x = 'é';\r\n// </script>\n"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder, which does not exist yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def bundled(monkeypatch):
    """The snippets that vl-convert was asked to bundle; it answers SCRIPT."""
    snippets = []
    monkeypatch.setattr(vl_convert, "javascript_bundle", lambda snippet: snippets.append(snippet) or SCRIPT)
    return snippets


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.long
def test_the_bundle_is_what_vl_convert_makes_by_default(cache):
    expected = vl_convert.javascript_bundle()
    assert vega_bundle() == expected
    assert vega_bundle() == expected


def test_the_script_is_bundled_once_and_read_back_unchanged(cache, bundled):
    assert vega_bundle() == vega_bundle() == SCRIPT
    assert bundled == [SNIPPET]
    assert files(cache) == [cache_file()]


def test_a_second_report_does_not_bundle_again(cache, bundled):
    evidence = gather([search(trial(0, [0.5]))])
    assert render(evidence) == render(evidence)
    assert len(bundled) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data + b" ",
        lambda data: data.replace(b"window.x", b"window.y"),
        lambda data: data.partition(b"\n")[2],
        lambda data: b"\xff\x00" * 100,
        lambda data: data.partition(b"\n")[0],
    ],
    ids=["empty", "cut short", "longer", "altered", "no first line", "binary", "first line only"],
)
def test_a_damaged_cache_file_is_replaced(damage, cache, bundled):
    vega_bundle()
    whole = cache_file().read_bytes()
    cache_file().write_bytes(damage(whole))
    assert vega_bundle() == SCRIPT
    assert len(bundled) == 2
    assert cache_file().read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_done_without(cache, bundled):
    cache.write_text("a file where the folder should be")
    assert vega_bundle() == vega_bundle() == SCRIPT
    assert len(bundled) == 2
    assert files(cache.parent) == [cache]


def test_a_folder_in_the_place_of_the_cache_file_is_done_without(cache, bundled):
    cache_file().mkdir(parents=True)
    assert vega_bundle() == SCRIPT
    assert files(cache) == []


def test_another_version_or_snippet_is_bundled_for_itself(cache, bundled, monkeypatch):
    vega_bundle()
    vega_bundle("window.embed=vegaEmbed;")
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "99.0")
    vega_bundle()
    assert bundled == [SNIPPET, "window.embed=vegaEmbed;", SNIPPET]
    assert len(files(cache)) == 3
