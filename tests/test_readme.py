"""The README: its commands run and print what it shows, its links lead somewhere."""

from __future__ import annotations

import re

import pytest
from doc_commands import commands, link_into, read_blocks, run_typed, split_numbers, write_files
from standin_client import client_environment
from standin_server import Server
from sweep_cases import ROOT

from fashion_wb.cli import main

PATH = ROOT / "README.md"
README = PATH.read_text(encoding="utf-8")
TYPED = commands(PATH)
BLOCKS = read_blocks(PATH)


@pytest.mark.processes
def test_its_commands_run_and_print_what_it_shows(tmp_path):
    shown = next(block.text for block in BLOCKS if block.title == "output")
    link_into(tmp_path, ROOT)
    write_files(PATH, tmp_path)
    with Server() as server:
        done = {}
        for command in (command for command in TYPED if not command.startswith("make ")):
            done[command] = run_typed(command, tmp_path, client_environment(server.url, tmp_path))
            assert done[command].returncode == 0, done[command].stderr
        assert server.state.problems == []
    sweep = next(run for command, run in done.items() if command.startswith("fashion-wb sweep"))
    words, numbers = split_numbers(sweep.stderr + sweep.stdout)
    expected_words, expected_numbers = split_numbers(shown)
    assert words == expected_words
    # Another processor rounds the Gaussian process's fit differently.
    assert numbers == pytest.approx(expected_numbers, rel=1e-2)


def test_every_target_of_make_exists():
    targets = re.findall(r"\bmake ([a-z]+)", " ".join([*TYPED, *re.findall(r"`([^`\n]+)`", README)]))
    assert {"study", "test", "setup", "docs"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), target


def test_it_names_the_two_commands_before_any_other():
    assert TYPED[:2] == ["make study", "make test"]


def test_it_is_one_page():
    assert len(README.splitlines()) <= 150


def test_every_link_and_path_leads_to_a_file():
    links = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", README)
    paths = re.findall(r"^([\w.]+/?) {2,}\S", README, re.MULTILINE)
    assert len(links) > 10 and len(paths) > 5
    for name in [*links, *paths]:
        assert (ROOT / name).exists(), name


def test_every_anchor_is_a_heading_of_its_page():
    for page, anchor in re.findall(r"\]\(([\w/.-]+\.md)#([\w-]+)\)", README):
        headings = re.findall(r"^#+ (.*)", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings]


def test_every_command_is_named():
    assert all(f"`fashion-wb {name} " in README or f"`fashion-wb {name}`" in README for name in main.commands)
