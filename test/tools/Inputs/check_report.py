# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks a report of `sinter compile --report` against itself and its model.

    check_report.py FILE.json MODEL.onnx
    check_report.py FILE.html MODEL.onnx
    check_report.py --same A.json B.json

Of JSON: the keys that docs/report.md lists, one row a node of the model, and that all references fit
together. Of a page: that it is well-formed, loads nothing, has one script, and shows every name as text.
--same: both are the same but for what is measured.
"""
import html.parser
import json
import sys

import onnx

KEYS = {
    "": {"version", "compiler", "model", "artifact", "summary", "compile", "times", "nodes", "kernels", "launches",
         "decisions"},
    "summary": {"nodes", "nodes_in_kernels", "kernels", "launches", "precisions", "isas", "artifact_bytes",
                "weights_bytes", "arena_bytes", "arena"},
    "nodes": {"index", "name", "op", "kernels", "launches", "last_phase", "fused_with", "decisions"},
    "kernels": {"name", "kind", "devices", "precision", "sparsity", "operations", "tiles", "scratch_bytes",
                "launches", "code"},
    "launches": {"kernel", "nodes"},
    "decisions": {"phase", "family", "name", "kind", "nodes", "what"},
}
OPTIONAL = {"nodes": {"us"}, "kernels": {"us"}, "launches": {"us"}, "decisions": {"why", "suggestion", "metrics"}}


def check_keys(report):
    assert report["version"] == 1
    assert set(report) == KEYS[""], set(report) ^ KEYS[""]
    assert set(report["summary"]) == KEYS["summary"]
    for table in ("nodes", "kernels", "launches", "decisions"):
        for row in report[table]:
            missing, extra = KEYS[table] - set(row), set(row) - KEYS[table] - OPTIONAL.get(table, set())
            assert not missing and not extra, (table, missing, extra)


def check_references(report):
    nodes, kernels, launches = report["nodes"], report["kernels"], report["launches"]
    for number, node in enumerate(nodes):
        assert node["launches"] == [i for i, launch in enumerate(launches) if number in launch["nodes"]]
        assert node["kernels"] == sorted({launches[i]["kernel"] for i in node["launches"]})
        together = {other for i in node["launches"] for other in launches[i]["nodes"]} - {number}
        assert node["fused_with"] == sorted(together)
        assert node["decisions"] == [i for i, d in enumerate(report["decisions"]) if number in d["nodes"]]
        assert any("why" in report["decisions"][i] or report["decisions"][i]["what"] for i in node["decisions"])
    for number, kernel in enumerate(kernels):
        assert kernel["launches"] == [i for i, launch in enumerate(launches) if launch["kernel"] == number]
    summary = report["summary"]
    assert (summary["kernels"], summary["launches"]) == (len(kernels), len(launches))
    assert summary["nodes_in_kernels"] == sum(bool(node["launches"]) for node in nodes)
    assert sum(summary["precisions"].values()) == summary["nodes_in_kernels"]


def check_times(report):
    if report["times"] is None:
        assert not any("us" in launch for launch in report["launches"])
        return
    times = [launch["us"] for launch in report["launches"]]
    assert all(us > 0 for us in times) and report["times"]["runs"] >= 5 and report["times"]["threads"] >= 1
    assert abs(sum(times) - report["times"]["total_us"]) <= 1e-6 * sum(times)
    for row in report["kernels"] + report["nodes"]:
        expected = sum(times[i] for i in row["launches"]) if row["launches"] else None
        assert row["us"] == expected or abs(row["us"] - expected) <= 1e-6 * expected


def expected_nodes(model):
    """What the report must list: number, name and operator of every node."""
    return [(i, node.name or f"{node.op_type}_{i}", node.op_type) for i, node in enumerate(model.graph.node)]


def check_json(path, model):
    report = json.load(open(path, encoding="utf-8"))
    check_keys(report)
    rows = [(node["index"], node["name"], node["op"]) for node in report["nodes"]]
    assert rows == expected_nodes(model), rows
    check_references(report)
    check_times(report)
    for node in report["nodes"]:
        print(node["index"], node["op"], [report["kernels"][k]["name"] for k in node["kernels"]],
              [report["kernels"][k]["precision"] for k in node["kernels"]], node["fused_with"])


class Page(html.parser.HTMLParser):
    VOID = {"meta", "br", "input", "img", "link"}

    def __init__(self):
        super().__init__()
        self.open, self.scripts, self.rows, self.row = [], 0, [], None

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        assert tag in self.VOID or tag not in ("img", "link", "iframe"), tag
        assert tag not in ("img", "link", "iframe", "object"), tag
        assert not any(key.startswith("on") or key == "src" for key in attributes), attributes
        assert attributes.get("href", "#").startswith("#"), attributes
        if tag not in self.VOID:
            self.open.append(tag)
        self.scripts += tag == "script"
        if tag == "tr" and attributes.get("id", "").startswith("n"):
            self.row = []
            self.rows.append(self.row)
        if tag == "td" and self.row is not None:
            self.row.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
        if tag == "tr":
            self.row = None

    def handle_data(self, data):
        if self.row:
            self.row[-1] += data


def check_html(path, model):
    text = open(path, encoding="utf-8").read()
    assert "http:" not in text and "https:" not in text and "url(" not in text and "@import" not in text
    page = Page()
    page.feed(text)
    page.close()
    assert not page.open and page.scripts == 1, (page.open, page.scripts)
    clean = lambda name: "".join("\ufffd" if ord(c) < 32 else c for c in name)
    rows = [(int(row[0]), row[1], row[2]) for row in page.rows]
    assert rows == [(i, clean(name), op) for i, name, op in expected_nodes(model)], rows
    print("page", len(rows), "nodes")


def check_same(first, second):
    a, b = (json.load(open(path, encoding="utf-8")) for path in (first, second))
    for report in (a, b):
        del report["compile"], report["artifact"]
    assert a == b
    print("same")


def main():
    if sys.argv[1] == "--same":
        return check_same(sys.argv[2], sys.argv[3])
    check = check_html if sys.argv[1].endswith(".html") else check_json
    check(sys.argv[1], onnx.load(sys.argv[2], load_external_data=False))


if __name__ == "__main__":
    main()
