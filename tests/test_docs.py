"""The documentation: its commands run, what it names exists, the site builds and needs no other server."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml
from doc_commands import commands, link_into, read_blocks, run_typed, write_files
from standin_client import client_environment
from standin_server import Server
from standin_state import ENTITY
from sweep_cases import ROOT

from fashion_wb.cli import main
from fashion_wb.cnn.config import NAMES
from fashion_wb.study.plan import METHODS

DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
TEXTS = {page: (DOCS / page).read_text(encoding="utf-8") for page in PAGES}
SITE = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
PROJECT = "docs"
OUTSIDE = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)=\"?((?:https?:)?//[^\" >]+)")


def filled_in(command):
    """The command as a user with the stand-in's account and sweep types it."""
    for word, value in {"ENTITY": ENTITY, "PROJECT": PROJECT, "SWEEP_ID": "random1"}.items():
        command = command.replace(word, value)
    return command


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        config = yaml.safe_load((ROOT / "sweeps" / "random.yaml").read_text())
        config["run_cap"], config["parameters"]["epochs"] = 1, {"value": 1}
        server.state.add_sweep(PROJECT, yaml.safe_dump(config))
        yield server
        assert server.state.problems == []


@pytest.mark.long
@pytest.mark.processes
@pytest.mark.parametrize("page", [page for page in PAGES if commands(DOCS / page)])
def test_every_command_of_a_page_runs(page, server, tmp_path, data_dir):
    link_into(tmp_path, ROOT)
    write_files(DOCS / page, tmp_path)
    for shown in commands(DOCS / page):
        command = filled_in(shown)
        mode = {"WANDB_MODE": "offline"} if command.startswith("python ") else {}
        done = run_typed(command, tmp_path, client_environment(server.url, tmp_path, **mode))
        assert done.returncode == 0, f"{command}\n{done.stderr}"


def test_commands_that_are_not_run_say_why():
    skipped = [block.skip for page in PAGES for block in read_blocks(DOCS / page) if block.skip]
    assert all(len(reason.split()) > 3 for reason in skipped)
    for name in re.findall(r"tests/\S+\.py", " ".join(skipped)):
        assert (ROOT / name).is_file()


def test_every_make_target_exists():
    makefile = (ROOT / "Makefile").read_text()
    for page, text in TEXTS.items():
        for target in re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page}: make {target}"


def test_the_navigation_lists_every_page():
    listed = re.findall(r": ([\w/-]+\.md)$", SITE, re.MULTILINE)
    assert sorted(listed) == PAGES


@pytest.mark.parametrize("page", PAGES)
def test_every_path_it_names_exists(page):
    folders = "sweeps|docs|benchmarks|fashion_wb|analysis|tests"
    for name in re.findall(rf"`((?:{folders})/[\w/.-]*|\w+\.(?:toml|txt)|train\.py|Makefile)`", TEXTS[page]):
        # METHOD and such stand for any name.
        assert re.search("[A-Z]{3}", name) or (ROOT / name).exists(), name


@pytest.mark.parametrize("page", PAGES)
def test_every_module_it_names_exists(page):
    for name in re.findall(r"(?:^::: |`)((?:fashion_wb|analysis)(?:\.\w+)+)", TEXTS[page], re.MULTILINE):
        parts = name.split(".")
        known = [p for n in (len(parts), len(parts) - 1, len(parts) - 2) for p in _files(parts[:n])]
        assert any(path.exists() for path in known), name


def _files(parts: list[str]) -> tuple[Path, Path]:
    return ROOT.joinpath(*parts, "__init__.py"), ROOT.joinpath(*parts).with_suffix(".py")


@pytest.mark.parametrize("page", PAGES)
def test_every_option_it_gives_to_a_command_exists(page):
    shown = [f"`{command}" for block in read_blocks(DOCS / page) for command in block.commands]
    for name, rest in re.findall(r"`fashion-wb ([a-z][a-z-]*)([^`\n]*)", "\n".join([*shown, TEXTS[page]])):
        assert name in main.commands
        known = {text for p in main.commands[name].params if isinstance(p, click.Option) for text in p.opts}
        # A quoted command has options of its own.
        given = re.findall(r"(?<!\S)--[a-z-]+", re.sub("'[^']*'", "", rest))
        assert set(given) <= known | {"--help"}, f"{name}{rest}"


def test_every_command_method_and_hyperparameter_is_described():
    text = "\n".join(TEXTS.values())
    for command in main.commands:
        assert f"fashion-wb {command}" in text
    for path in (ROOT / "sweeps").glob("*.yaml"):
        assert f"`sweeps/{path.name}`" in TEXTS["methods.md"]
    assert all(f"sweeps/{method}.yaml" in TEXTS["methods.md"] for method in METHODS)
    assert all(f"`--{name}`" in TEXTS["hyperparameters.md"] for name in NAMES)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    # Not by its script, which a virtual environment that was moved no longer starts.
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.long
@pytest.mark.processes
def test_the_site_builds_strictly_and_has_every_page(site):
    for page in PAGES:
        assert (site / page).with_suffix(".html").is_file()


@pytest.mark.long
@pytest.mark.processes
def test_the_site_loads_nothing_from_other_servers(site):
    for path in site.rglob("*.html"):
        assert OUTSIDE.findall(path.read_text(encoding="utf-8")) == [], path.name
    for path in site.rglob("*.css"):
        assert re.findall(r"url\([\"']?(?:https?:)?//", path.read_text(encoding="utf-8")) == [], path.name


@pytest.mark.long
@pytest.mark.processes
def test_the_reference_has_every_option_of_every_command(site):
    text = re.sub(r"<[^>]+>", "", (site / "commands.html").read_text(encoding="utf-8"))
    for name, command in main.commands.items():
        for parameter in command.params:
            seen = isinstance(parameter, click.Option) and not parameter.hidden
            for option in parameter.opts if seen else ():
                assert option in text, f"{name} {option}"
