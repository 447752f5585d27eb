"""Sweep files that are no YAML, no text, no mapping or too much, and what the message has to hold."""

from __future__ import annotations

HEAD = "method: random\nprogram: prog.py\nrun_cap: 2\nmetric: {name: loss}\n"
X = "parameters:\n  x: {min: 0.0, max: 1.0}\n"
LAUGHS = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)
DEEP = "parameters:\n  x: {values: [" + "[" * 3000 + "]" * 3000 + "]}\n"

# name: (content of bad.yaml, what the message holds besides "bad.yaml")
YAML: dict[str, tuple[str | bytes, tuple[str, ...]]] = {
    # not YAML, or not text
    "empty": ("", ("empty",)),
    "blank": ("\n\n  \n", ("empty",)),
    "comment-only": ("# nothing\n", ("empty",)),
    "bracket": (HEAD + "parameters: {x: {min: 0.0, max: 1.0}\n", (":6", "not valid YAML")),
    "brace": (HEAD + "parameters: ]\n", (":5", "not valid YAML")),
    "quote": (HEAD + 'parameters: {x: {value: "a}}\n', ("not valid YAML",)),
    "tab": (HEAD + "parameters:\n\tx: {min: 0.0, max: 1.0}\n", (":6", "not valid YAML")),
    "indent": (HEAD + "parameters:\n  x:\n    min: 0.0\n   max: 1.0\n", (":8", "not valid YAML")),
    "colon": (HEAD + "parameters: x: {min: 0.0, max: 1.0}\n", (":5", "not valid YAML")),
    "two-documents": (HEAD + X + "---\n" + HEAD + X, ("not valid YAML",)),
    "tag-python": (
        HEAD + "parameters: !!python/object/apply:os.system ['touch owned']\n",
        ("not valid YAML",),
    ),
    "tag-unknown": (HEAD + "parameters:\n  x: !thing {min: 0.0, max: 1.0}\n", ("not valid YAML",)),
    "tag-int": (HEAD + "parameters:\n  x: {value: !!int abc}\n", (":6", "not valid YAML")),
    "tag-float": (HEAD + "parameters:\n  x: {value: !!float abc}\n", (":6", "not valid YAML")),
    "alias-unknown": (HEAD + "parameters: *nowhere\n", (":5", "not valid YAML")),
    "control-character": (HEAD + "parameters:\n  x: {value: \x07}\n", ("not valid YAML",)),
    "binary": (bytes(range(256)) * 4, ("cannot be read as text",)),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(64), ("cannot be read as text",)),
    "latin-1": (HEAD.encode() + b"description: caf\xe9\n" + X.encode(), ("cannot be read as text",)),
    "utf-16": ((HEAD + X).encode("utf-16"), ("UTF-8",)),
    "utf-16-le": ((HEAD + X).encode("utf-16-le"), ("UTF-8",)),
    "utf-32": ((HEAD + X).encode("utf-32"), ("UTF-8",)),
    "nul": (HEAD + "parameters:\n  x: {value: \x00}\n", ("zero bytes",)),
    "json-cut": ('{"method": "random", "parameters": {"x": ', ("not valid YAML",)),
    "surrogate": (HEAD + 'parameters:\n  x: {value: "\\ud800"}\n', ("parameters", "surrogate")),
    "surrogate-key": (HEAD + 'parameters:\n  "\\ud800": {value: 1}\n', ("parameters",)),
    # numbers and dates that YAML takes for such and are none
    "date-impossible": (HEAD + "parameters:\n  x: {value: 2026-13-45}\n", (":6", "not valid YAML")),
    "date": (HEAD + "parameters:\n  x: {value: 2026-01-01}\n", ("parameters", "date")),
    "set": (HEAD + "parameters:\n  x: {values: !!set {a, b}}\n", ("parameters", "set")),
    "bytes": (HEAD + "parameters:\n  x: {value: !!binary aGk=}\n", ("parameters",)),
    "hexadecimal-empty": (HEAD + "parameters:\n  x: {value: 0x_}\n", (":6", "not valid YAML")),
    "integer-endless": (HEAD + f"parameters:\n  x: {{value: {'9' * 5000}}}\n", (":6", "not valid YAML")),
    # too much of it
    "billion-laughs": (HEAD + LAUGHS + X, ("aliases",)),
    "billion-laughs-in-values": (HEAD + LAUGHS + "parameters:\n  x: {values: *a9}\n", ("aliases",)),
    "alias-circle": (HEAD + "parameters: &p\n  x: *p\n", ("parameters.x", "refers to itself")),
    "deep": (HEAD + DEEP, ("nested",)),
    "deep-mapping": (HEAD + "parameters: " + "{x: " * 1200 + "1" + "}" * 1200 + "\n", ("nested",)),
    "huge": (HEAD + X + "# " + "x" * 40_000_000 + "\n", ("MB",)),
    # the document
    "list": ("- method: random\n", (":1", "mapping")),
    "text": ("just some text\n", (":1", "mapping")),
    "number": ("42\n", (":1", "mapping")),
    "null": ("null\n", (":1", "mapping")),
    "html": ("<html><body>404 Not Found</body></html>\n", (":1", "mapping")),
    "duplicate-key": ("method: random\n" + HEAD + X, ("method", "twice")),
    "duplicate-parameter": (HEAD + X + "  x: {value: 1}\n", ("parameters.x", "twice")),
    "duplicate-metric-key": (HEAD.replace("name: loss", "name: loss, name: b") + X, ("metric.name", "twice")),
}
