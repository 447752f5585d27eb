"""`fashion-wb report` with the unmodified client and wandb-workspaces, against the stand-in server."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from report_cases import PATH, address, read, report
from standin_cases import PROJECT, add_run, add_sweep
from standin_faults import Fault, Faults
from standin_server import Server
from standin_state import ENTITY, KEY
from standin_views import View
from sweep_cases import environment

from analysis.wandb_report.report import MARK
from fashion_wb.study.plan import METHODS

pytestmark = pytest.mark.processes


@pytest.fixture
def server():
    with Server() as server:
        yield server
        assert server.state.problems == []


def study(state):
    """Add a sweep with two runs for each method."""
    for number, method in enumerate(METHODS):
        sweep = add_sweep(state, method)
        add_run(state, sweep, f"{method}-a", [0.9, 0.5 - 0.05 * number], filters=4)
        add_run(state, sweep, f"{method}-b", [0.8, 0.6], filters=9, lr=3e-3)


def only(server):
    (view,) = server.state.views.values()
    return view


def test_the_report_read_back_describes_the_study(server, tmp_path):
    study(server.state)
    add_run(server.state, None, "alone", [0.1])
    done = report(server, tmp_path)
    assert done.stdout.startswith("Report created: ")
    found = read(server, tmp_path, address(done))
    assert found["title"] == f"Hyperparameter searches in {PROJECT}"
    assert found["headings"][0] == "Result" and len(found["headings"]) == 9
    assert "(run optuna-a), with valid_loss 0.3000" in found["verdict"]
    assert "n = 1" in found["verdict"]
    rows = [line.split("|")[1].strip() for line in found["table"].splitlines()]
    assert rows == ["method", "-" * 9, *METHODS]
    assert found["runsets"] == [[method, f"Metric(\"Sweep\") in ['{method}1']"] for method in METHODS]
    assert found["projects"] == [PATH]
    assert found["panels"] == [
        *("BarPlot", "LinePlot", "ParallelCoordinatesPlot", "ParameterImportancePlot", "ScatterPlot")
    ]
    assert found["notes"][-1] == "Left out (in no sweep): 1 run."
    assert KEY not in done.stdout + done.stderr + only(server).spec
    asked = {name for name in server.state.asked if "iew" in name and name != "Viewer"}
    assert asked == {"upsertView"} and server.state.asked["upsertView"] == 1


@pytest.mark.long
def test_running_it_again_updates_the_report_and_keeps_the_users_title(server, tmp_path):
    study(server.state)
    first = report(server, tmp_path)
    ours = only(server)
    ours.title, ours.description = "What we learnt / 50 % of it", f"Ours. {MARK}"
    for number in range(60):  # more than one page, and newer
        server.state.views[f"other{number}"] = View(f"other{number}", PROJECT, "runs", title="A user's own")
    add_run(server.state, "bayes1", "best", [0.0625])
    second = report(server, tmp_path)
    assert second.stdout.startswith("Report updated: ")
    assert address(second).rpartition("--")[2] == address(first).rpartition("--")[2]
    found = read(server, tmp_path, address(second), "--delete")
    assert (found["title"], ours.description) == ("What we learnt / 50 % of it", f"Ours. {MARK}")
    assert "(run best), with valid_loss 0.0625" in found["verdict"]
    assert {view.spec for view in server.state.views.values()} == {"{}"}
    # A deleted report is created again.
    assert report(server, tmp_path).stdout.startswith("Report created: ")
    assert len(server.state.views) == 61


def test_the_oldest_of_several_reports_is_updated(server, tmp_path):
    study(server.state)
    for key, year in (("bmV3", 2027), ("b2xk", 2025), ("bWlk", 2026)):
        view = View(key, PROJECT, "runs", "name", "Title", MARK, created=f"{year}-01-01T00:00:00Z")
        server.state.views[key] = view
    server.state.views["ZHJh"] = View("ZHJh", PROJECT, "runs/draft", "name", "Title", MARK, created="2020")
    assert report(server, tmp_path).stdout.startswith("Report updated: ")
    assert [key for key, view in server.state.views.items() if view.spec != "{}"] == ["b2xk"]
    assert server.state.views["b2xk"].name == "name"


class Once(Faults):
    """Makes one request fail, the `number`th, with one kind of fault."""

    def __init__(self, kind: Fault, number: int) -> None:
        super().__init__()
        self._kind, self._number = kind, number

    def draw(self, name: str) -> Fault:
        fault = self._kind if self.seen.total() + 1 == self._number else Fault.NONE
        self.seen[fault] += 1
        return fault


def number_of_create_request(home):
    """Return the number of the request that creates the report."""
    with Server() as server:
        study(server.state)
        resolve = server.roots["mutation"]["upsertView"]
        seen = []

        def note(arguments):
            seen.append(server.faults.seen.total())
            return resolve(arguments)

        server.roots["mutation"]["upsertView"] = note
        address(report(server, home))
        return seen[0]


@pytest.mark.long
def test_a_create_request_that_goes_wrong_makes_one_report(tmp_path):
    # The command waits 15 s for the answer, so the faults are tested at the same time.
    homes = [tmp_path / name for name in ("dry", "lost", "busy", "doubled", "cut")]
    for home in homes:
        home.mkdir()
    number = number_of_create_request(homes[0])

    def with_fault(home, kind):
        with Server() as server:
            study(server.state)
            server.faults = Once(kind, number)
            done = report(server, home)
            assert server.state.problems == []
            return done, len(server.state.views), server.faults.seen[kind]

    kinds = (Fault.LOST, Fault.BUSY, Fault.DOUBLED, Fault.CUT)
    with ThreadPoolExecutor(len(kinds)) as threads:
        ended = list(threads.map(with_fault, homes[1:], kinds))
    for done, reports, faults in ended:
        assert done.stdout.startswith("Report created: "), done.stderr
        assert (reports, faults) == (1, 1)


@pytest.mark.long
def test_a_link_is_created_once_and_can_be_revoked(server, tmp_path):
    study(server.state)
    links = []
    for _ in range(2):
        done = report(server, tmp_path, PATH, "--share")
        assert done.returncode == 0, done.stderr
        _, shared, revoke = done.stdout.splitlines()
        links.append(shared.rpartition(": ")[2])
        assert revoke == f"To revoke the link: fashion-wb report {PATH} --unshare"
    (link,) = only(server).links
    assert links == [f"{address(done)}?accessToken={link.token}"] * 2
    assert link.projects == [{"entityName": ENTITY, "projectName": PROJECT}] and link.revoked is None
    before = only(server).spec
    for sentence in ("The link is revoked; the report stays: ", "The report has no link to revoke: "):
        done = report(server, tmp_path, PATH, "--unshare")
        assert done.returncode == 0 and done.stdout.startswith(sentence), done.stderr
    assert link.revoked is not None and only(server).spec == before


def test_without_permission_to_share_the_report_is_saved_and_the_reason_given(server, tmp_path):
    study(server.state)
    server.state.may_share = False
    done = report(server, tmp_path, PATH, "--share")
    assert done.returncode == 1
    assert done.stdout.startswith("Report created: ") and len(done.stdout.splitlines()) == 1
    assert "the report is saved, but has no link to share it" in done.stderr
    assert "sharing by link is disabled for this organization" in done.stderr
    assert "Traceback" not in done.stderr and only(server).spec != "{}"


def test_report_explains_why_it_refuses_and_saves_nothing(server, tmp_path):
    server.state.projects.add(PROJECT)
    add_sweep(server.state)
    cases = {
        (PATH,): "there is nothing to compare",
        (f"{ENTITY}/nothing",): f"knows no project {ENTITY}/nothing",
        (f"{PATH}/random1",): f"a report covers all sweeps of a project: give {PATH}",
        (PATH, "--unshare"): f"{PATH} has no report made by fashion-wb",
    }
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda arguments: report(server, tmp_path, *arguments), cases))
    for done, message in zip(found, cases.values(), strict=True):
        assert done.returncode == 1 and message in done.stderr and "Traceback" not in done.stderr
        assert done.stdout == ""
    assert server.state.views == {} and server.state.projects == {PROJECT}


def test_running_runs_are_reported_as_running(server, tmp_path):
    sweep = add_sweep(server.state)
    add_run(server.state, sweep, "a", [0.5], "running", None)
    found = read(server, tmp_path, address(report(server, tmp_path)))
    assert "there is no result to compare" in found["verdict"] and "1 running" in found["verdict"]


def test_without_the_extra_the_message_says_how_to_install_it(tmp_path):
    code = (
        "import sys\nsys.modules['wandb_workspaces'] = None\n"
        f"from fashion_wb.cli import main\nmain(['report', {PATH!r}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(HOME=str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == (
        "Error: W&B reports are built by wandb-workspaces, which is not installed: "
        "pip install 'fashion-wb[report]'\n"
    )
