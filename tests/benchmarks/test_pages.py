"""Pages are what their benchmarks write of the figures beside them."""

import json
import pathlib

import pytest

from tools.benchmarks import robustness
from tools.benchmarks.findings import page
from tools.benchmarks.peers import table

ROOT = pathlib.Path(__file__).resolve().parents[2]


def written(show, name, folder):
    show(report_of(name), folder)
    return (folder / f"{name}.md").read_text()


def report_of(name):
    return json.loads((ROOT / "benchmarks" / f"{name}.json").read_text())


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("benchmarks/peers.md", lambda _: table.text(report_of("peers"))),
        (
            "benchmarks/robustness.md",
            lambda folder: written(robustness.show, "robustness", folder),
        ),
        ("docs/findings.md", lambda _: page.text(report_of("findings"))),
    ],
    ids=["peers", "robustness", "findings"],
)
def test_a_page_is_of_its_report(path, text, tmp_path):
    assert (ROOT / path).read_text() == text(tmp_path)
