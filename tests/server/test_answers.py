"""What is accepted as an answer of W&B's server, and the message for everything else."""

from __future__ import annotations

import json

import pytest

from fashion_wb.server.answers import read_answer
from fashion_wb.server.errors import ServerError

URL = "https://wandb.example"
DOCUMENT = """
query Everything($entity: String!, $filters: JSONString) {
  project(name: $project, entityName: $entity) {
    all: runCount(filters: $filters)
    sweep(sweepName: $sweep) { name displayName state config }
    runs(filters: $filters, order: "+created_at") {
      edges { node { name config summaryMetrics exitcode stopped historyLineCount history(samples: $n) } }
      pageInfo { endCursor hasNextPage }
    }
  }
}"""


def answer():
    run = {
        "name": "a",
        "config": '{"lr": {"value": 1e-4}}',
        "summaryMetrics": '{"loss": 0.5}',
        "exitcode": 0,
        "stopped": False,
        "historyLineCount": 1,
        "history": ['{"loss": 0.5}'],
    }
    return {
        "project": {
            "all": 1,
            "sweep": {
                "name": "s",
                "displayName": None,
                "state": "RUNNING",
                "config": "method: grid\nlr: 1e-4",
            },
            "runs": {"edges": [{"node": run}], "pageInfo": {"endCursor": None, "hasNextPage": False}},
        }
    }


def run_of(data):
    return data["project"]["runs"]["edges"][0]["node"]


def test_texts_of_json_and_yaml_are_decoded_and_the_rest_is_kept():
    read = read_answer(DOCUMENT, answer(), URL)
    assert run_of(read) == {
        "name": "a",
        "config": {"lr": {"value": 1e-4}},
        "summaryMetrics": {"loss": 0.5},
        "exitcode": 0,
        "stopped": False,
        "historyLineCount": 1,
        "history": [{"loss": 0.5}],
    }
    assert read["project"]["sweep"]["config"] == {"method": "grid", "lr": 1e-4}
    assert read["project"]["all"] == 1


def test_what_may_be_null_gets_its_empty_value():
    data = answer()
    names = ("config", "summaryMetrics", "exitcode", "stopped", "historyLineCount", "history")
    run_of(data).update(dict.fromkeys(names))
    data["project"]["sweep"] = None
    read = read_answer(DOCUMENT, data, URL)
    assert [run_of(read)[name] for name in names] == [{}, {}, None, False, 0, []]
    assert read["project"]["sweep"] is None
    assert read_answer(DOCUMENT, {"project": None}, URL) == {"project": None}


def places(value, path=()):
    for key in value if isinstance(value, dict) else range(len(value)):
        yield (*path, key)
        if isinstance(value[key], (dict, list)):
            yield from places(value[key], (*path, key))


@pytest.mark.parametrize("path", [path for path in places(answer()) if isinstance(path[-1], str)])
def test_a_missing_field_is_named(path):
    data = answer()
    holder = data
    for key in path[:-1]:
        holder = holder[key]
    del holder[path[-1]]
    with pytest.raises(ServerError, match=f"W&B at {URL} .* has no .*{path[-1]}; try again"):
        read_answer(DOCUMENT, data, URL)


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ((), None, "data must be an object, got None"),
        ((), [1], "data must be an object"),
        (("project",), 7, r"data\.project must be an object, got 7"),
        (("project", "all"), "1", r"data\.project\.all must be a whole number, got '1'"),
        (("project", "all"), True, "must be a whole number, got True"),
        (("project", "sweep", "name"), None, r"sweep\.name must be a text"),
        (("project", "sweep", "state"), 1, r"sweep\.state must be a text"),
        (("project", "sweep", "config"), "a: [", r"sweep\.config must be a text of JSON or YAML"),
        (("project", "sweep", "config"), "- 1", "must be a mapping in JSON or YAML"),
        (("project", "runs"), None, r"project\.runs must be an object"),
        (("project", "runs", "edges"), {}, r"runs\.edges must be a list"),
        (("project", "runs", "edges", 0), None, r"edges\[0\] must be an object"),
        (("project", "runs", "edges", 0, "node"), None, r"edges\[0\]\.node must be an object"),
        (("project", "runs", "pageInfo", "hasNextPage"), "no", "must be true or false"),
        (("project", "runs", "pageInfo", "endCursor"), 3, "must be a text"),
    ],
)
def test_a_value_of_another_kind_is_named(path, value, says):
    data = {"": answer()}
    holder, key = data, ""
    for step in path:
        holder, key = holder[key], step
    holder[key] = value
    with pytest.raises(ServerError, match=says):
        read_answer(DOCUMENT, data[""], URL)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("config", "[1]", r"node\.config must be a mapping"),
        ("config", "[]", r"node\.config must be a mapping"),
        ("config", "0", r"node\.config must be a mapping"),
        ("config", "[" * 100_000, r"node\.config must be .* got '\[{59}\.\.\.;"),
        ("summaryMetrics", "{", "must be a text of JSON"),
        ("summaryMetrics", "3", "must be a JSON object"),
        ("exitcode", "0", "must be a whole number"),
        ("stopped", 0, "must be true or false"),
        ("historyLineCount", 1.5, "must be a whole number"),
        ("history", "[]", "must be a list of JSON objects"),
        ("history", ["[]"], "must be a JSON object"),
        ("history", [{}], "must be a text"),
    ],
)
def test_a_runs_value_of_another_kind_is_named(name, value, says):
    data = answer()
    run_of(data)[name] = value
    with pytest.raises(ServerError, match=says):
        read_answer(DOCUMENT, data, URL)


def test_a_report_may_have_no_name_and_a_run_must_have_one():
    document = "query Views { project { allViews { edges { node { id name } cursor } } } }"
    node = {"node": {"id": "a", "name": None}, "cursor": "1"}
    data = {"project": {"allViews": {"edges": [node]}}}
    assert read_answer(document, data, URL) == data
    with pytest.raises(ServerError, match=r"runs\.edges\[0\]\.node\.name must be a text"):
        read_answer(document.replace("allViews", "runs"), {"project": {"runs": {"edges": [node]}}}, URL)


def test_an_agents_commands_are_a_list_of_objects():
    document = "mutation Heartbeat($id: ID!) { agentHeartbeat(input: {id: $id}) { agent { id } commands } }"

    def answered(commands):
        data = {"agentHeartbeat": {"agent": {"id": "a"}, "commands": commands}}
        return read_answer(document, data, URL)["agentHeartbeat"]["commands"]

    assert answered(json.dumps([{"type": "run"}])) == [{"type": "run"}]
    for wrong in ("{}", "[1]", "", None):
        with pytest.raises(ServerError, match="commands must be a "):
            answered(wrong)
