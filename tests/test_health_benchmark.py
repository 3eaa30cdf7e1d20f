"""The benchmark of the health line: its cases, its judge, its table."""

import numpy as np
import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.data import sources
from simclrv2_tf.runs.journal import Journal
from tools.benchmarks import health
from tools.benchmarks.health import cases
from tools.benchmarks.health import detection
from tools.benchmarks.health import images
from tools.benchmarks.health import table

PIXELS = np.random.default_rng(0).integers(0, 256, (4, 6, 6, 3), np.uint8)


def test_forty_runs_of_configs_and_folders_of_their_own():
    assert len(cases.CASES) == len({c.folder for c in cases.CASES}) == 40
    for case in cases.CASES:
        assert Config(**case.config()).train_steps == case.steps


@pytest.mark.parametrize(
    ("spoil", "low", "high"),
    [
        (images.constant, 128, 128),
        (images.divided_twice, 0, 1),
        (images.in_bytes, PIXELS.min(), PIXELS.max()),
        (images.permuted, PIXELS.min(), PIXELS.max()),
    ],
)
def test_what_spoils_images(spoil, low, high):
    spoiled = spoil(PIXELS)
    assert spoiled.shape == PIXELS.shape
    assert (spoiled.min(), spoiled.max()) == (low, high)


@pytest.mark.parametrize(
    "spoil", dict.fromkeys(case.spoil for case in cases.CASES if case.spoil)
)
def test_spoiled_images_are_handed_out_as_they_are(spoil):
    """Also those that a run of one's own data would be refused for."""
    source = sources.open_source("digits", "train[:20]")
    case = cases.Case("", images.DIGITS, 0.1, 32, spoil=spoil)
    pixels = case.spoiled(source).pixels()(0)
    np.testing.assert_array_equal(pixels, spoil(source.storage.array)[0])


def test_a_run_learns_if_it_gains_enough():
    start = np.full(4, 0.5)
    assert detection.verdict(start + detection.GAIN + 0.001, start)["learns"]
    assert not detection.verdict(start + detection.GAIN - 0.001, start)[
        "learns"
    ]


def test_calls_come_from_the_last_health_line(tmp_path):
    case = cases.CASES[0]
    journal = Journal(tmp_path)
    start = {"neighbours_at_start": 0.5, "positives_found_at_start": 0.1}
    for now in (0.5, 0.9):
        numbers = {**start, "neighbours": now, "positives_found": 0.1}
        journal.note("health", step=100, numbers=numbers)
    assert health.says(case, tmp_path)["warned"] == ["diverged"]
    journal.note("trained", step=100)
    said = health.says(case, tmp_path)
    assert said["warned"] == []
    assert said["without labels"] == ["learning"]


def test_the_table_counts_wrong_calls():
    def row(learns, **calls):
        silent = dict.fromkeys(table.CALLS, [])
        told = cases.CASES[0].described()
        return {**told, "seed": 0, "learns": learns, **silent, **calls}

    rows = [
        row(True),
        row(True, warned=["rank"]),
        row(False, warned=["rank"], **{"without labels": ["rank"]}),
    ]
    found = table.counts(rows)
    assert found["that learn"] == 2
    assert found["wrong calls"] == {
        "warned": 1,
        "without labels": 0,
        "job": 1,
    }
    assert found["of them false alarms"]["warned"] == 1
    assert "**rank** (wrong)" in table.line(rows[1])
    assert "(wrong)" not in table.line(rows[0])
