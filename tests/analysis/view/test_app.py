"""The page's server: who is let in, what is escaped, and what it answers."""

from __future__ import annotations

import http.client
import json
import re
import time
from urllib.parse import quote, urlsplit

import pytest
from view_cases import TOKEN, add_trial, fill, get, get_json, new_sweep, ready, served

from fashion_wb.study.conditions import write_conditions
from fashion_wb.trial import TrialState

HOSTILE = "<script>alert(1)</script>\"'&{{ 7*7 }}"


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    return fill(new_sweep(tmp_path_factory.mktemp("watched") / "s"), 30)


@pytest.fixture(scope="module")
def address(sweep):
    with served(sweep.root.parent) as found:
        ready(found)
        yield found


def key_of(address):
    return get_json(f"{address}api/overview")["sweeps"][0]["key"]


def test_the_page_and_its_parts_come_with_a_policy_that_allows_nothing_from_elsewhere(address):
    status, headers, body = get(address)
    assert status == 200
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert headers["referrer-policy"] == "no-referrer" and headers["x-content-type-options"] == "nosniff"
    parts = re.findall(r'(?:src|href)="(static/[^"]+)"', body.decode())
    assert len(parts) == 4
    for part in parts:
        assert get(address + part)[0] == 200
    assert not re.search(rb"https?://", body)


@pytest.mark.parametrize("path", ["/", "/wrong/", f"/{TOKEN[:-1]}/", f"/{TOKEN}x/", f"//{TOKEN}/", "/é/"])
def test_without_the_token_nothing_is_shown(address, path):
    root = address.removesuffix(f"/{TOKEN}/")
    for rest in ("", "api/overview", "static/app.js"):
        status, headers, body = get(root + quote(path) + rest)
        assert status in (403, 404) and b"sweeps" not in body
        assert "content-security-policy" in headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:80"},
    ],
)
def test_other_web_pages_are_refused(address, headers):
    assert get(f"{address}api/overview", **headers)[0] == 403


def test_its_own_page_is_let_in(address):
    place = urlsplit(address)
    for headers in ({"Origin": f"http://{place.netloc}"}, {"Sec_Fetch_Site": "same-origin"}):
        assert get(f"{address}api/overview", **headers)[0] == 200
    assert get(f"{address}api/overview", Host=f"localhost:{place.port}")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_it_only_shows(address, method):
    assert get(f"{address}api/overview", method)[0] == 405


@pytest.mark.parametrize(
    "path",
    [
        "static/../app.py",
        "static/..%2fapp.py",
        "static/scope.html",
        "static/%2fetc%2fpasswd",
        "api/trials/nothing",
        "api/scope/..%2f..",
        "api/trial/nothing/nothing",
        "api/events?shown=nothing",
        "api/events?since=x",
    ],
)
def test_what_is_not_there_is_an_error_and_never_a_file(address, path):
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=10)
    # urllib would tidy the path.
    connection.request("GET", f"{place.path}{path}")
    answer = connection.getresponse()
    assert answer.status in (400, 403, 404), answer.status
    assert b"root:" not in answer.read() and b"import" not in answer.read()
    connection.close()


def test_no_name_of_a_file_leads_out_of_the_run(address, sweep, tmp_path):
    (tmp_path / "secret").write_text("secret")
    run = sweep.run_id(0)
    folder = sweep.find_log(run).parent
    (folder / "files").mkdir()
    (folder / "files/notes.txt").write_text("notes")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "files/out").symlink_to(tmp_path)
    base = f"{address}api/file/{key_of(address)}/{run}?name="
    status, headers, body = get(base + "files/notes.txt")
    assert (status, body) == (200, b"notes")
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"].startswith("attachment")
    for name in ("../../../secret", "link", "files/out/secret", "/etc/passwd", "", ".", "files"):
        assert get(base + quote(name, safe=""))[0] == 404, name


def test_hostile_names_are_text_in_every_part(tmp_path):
    sweep = new_sweep(
        tmp_path / "s",
        HOSTILE,
        metric={"name": HOSTILE},
        parameters={HOSTILE: {"values": [HOSTILE, "b"]}, "x": {"min": 0.0, "max": 1.0}},
    )
    for number in range(20):
        add_trial(
            sweep, number, [0.4, 0.3], config={HOSTILE: HOSTILE if number % 2 else "b", "x": number / 20}
        )
    other = new_sweep(
        tmp_path / "t", "other", metric={"name": HOSTILE}, parameters=sweep.sweep.config["parameters"]
    )
    add_trial(other, 0, [0.4], TrialState.FAILED, {HOSTILE: "b", "x": 0.1}, reason=HOSTILE)
    with served(tmp_path) as address:
        overview = ready(address)
        for key in (overview["sweeps"][0]["key"], overview["groups"][0]["key"]):
            html = get_json(f"{address}api/scope/{key}")["html"]
            assert "<script" not in html and "alert(1)" not in html.replace("&lt;script&gt;alert(1)", "")
            assert "49" not in html.replace("7*7", "")


def test_trials_have_a_row_each_and_json_without_nan(tmp_path):
    sweep = new_sweep(tmp_path / "s")
    add_trial(sweep, 0, [float("nan"), 0.5])
    add_trial(sweep, 1, [float("inf")], TrialState.FAILED, reason="not finite")
    add_trial(sweep, 2, [], TrialState.RUNNING)
    with served(tmp_path) as address:
        ready(address)
        found = get_json(f"{address}api/trials/{key_of(address)}")
        assert found["parameters"] == ["x", "lr", "kind"]
        assert [
            (row["value"], row["state"]) for row in sorted(found["rows"], key=lambda row: row["number"])
        ] == [
            (0.5, "finished"),
            (None, "failed"),
            (None, "running"),
        ]
        for number in range(3):
            get_json(f"{address}api/trial/{key_of(address)}/{sweep.run_id(number)}")


def test_a_trial_tells_everything_about_itself(address, sweep):
    run = sweep.run_id(3)
    sweep.output_file(run).write_text("printed\n" * 3)
    found = get_json(f"{address}api/trial/{key_of(address)}/{run}")
    assert found["state"] == "stopped"
    assert found["stop"]["threshold"] == 0.5 and found["stop"]["rung"] == 3 and found["stop"]["compared"] == 9
    assert found["reason"].startswith("early stopping at the 3rd value: loss ")
    assert found["output"] == "printed\n" * 3
    assert [at for at, _ in found["curves"]["loss"]] == [1, 2, 3]
    assert found["command"].startswith("/usr/bin/env python train.py --") and "--kind=" in found["command"]
    assert any(file["name"] == f"run-{run}.wandb" for file in found["files"])


def test_a_sweep_has_its_figures_and_a_group_its_verdict(tmp_path):
    write_conditions(tmp_path / "study")
    for method in ("random", "bayes"):
        for replicate in range(3):
            name = f"{method}-r{replicate}"
            fill(
                new_sweep(tmp_path / "study/sweeps" / name, name),
                20,
                seed=replicate + 10 * (method == "bayes"),
            )
    with served(tmp_path) as address:
        overview = ready(address)
        (group,) = overview["groups"]
        assert group["study"] and len(group["sweeps"]) == 6
        whole = get_json(f"{address}api/scope/{group['key']}")
        assert "Verdict so far" in whole["html"] and "undecided" in whole["html"]
        assert {"gain", "curves-steps", "finals", "history", "learning-curves", "timeline"} <= set(
            whole["figures"]
        )
        one = get_json(f"{address}api/scope/{group['sweeps'][0]}")
        assert "Verdict" not in one["html"]
        assert {"history", "learning-curves", "timeline", "parallel", "contour", "slice-0"} <= set(
            one["figures"]
        )
        # Asked again at once, it is the same: figures are costly.
        assert get_json(f"{address}api/scope/{group['sweeps'][0]}") == one


@pytest.mark.parametrize("trials", [0, 1, 2])
def test_a_sweep_of_few_trials_is_shown(tmp_path, trials):
    fill(new_sweep(tmp_path / "s"), trials)
    with served(tmp_path) as address:
        ready(address)
        found = get_json(f"{address}api/scope/{key_of(address)}")
        assert ("history" in found["figures"]) is (trials > 0)
        assert trials or "No trial has logged" in found["html"]


def test_events_tell_of_a_new_value_within_a_second(tmp_path):
    sweep = fill(new_sweep(tmp_path / "s"), 3)
    log = add_trial(sweep, 3, [0.9, 0.8, 0.7])
    whole = log.read_bytes()
    log.write_bytes(whole[: len(whole) // 2])
    with served(tmp_path) as address:
        overview = ready(address)
        place, key = urlsplit(address), overview["sweeps"][0]["key"]
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=20)
        connection.request("GET", f"{place.path}api/events?shown={key}&since={overview['version']}")
        answer = connection.getresponse()
        assert answer.headers["content-type"].startswith("text/event-stream")
        time.sleep(0.5)
        wrote = time.monotonic()
        log.write_bytes(whole)
        line = b""
        while not line.startswith(b"data: "):
            line = answer.readline()
        # 1 s is promised on an idle machine; the tests share theirs.
        assert time.monotonic() - wrote < 5
        event = json.loads(line.removeprefix(b"data: "))
        (row,) = event["rows"]
        assert row["number"] == 3 and row["steps"] == 3 and row["state"] == "finished"
        connection.close()
