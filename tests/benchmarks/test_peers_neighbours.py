"""The benchmark of peers: nearest neighbours at equal minutes."""

import json
import sys

import numpy as np
import pytest

from tools.benchmarks import peers
from tools.benchmarks.findings import runs as findings_runs
from tools.benchmarks.peers import cifar_npz
from tools.benchmarks.peers import comparison
from tools.benchmarks.peers import neighbours
from tools.benchmarks.peers import speed
from tools.benchmarks.peers.cifar_npz import CHOICE
from tools.benchmarks.peers.cifar_npz import WHOLE
from tools.peers import handover


class Runs:
    """Runs that are done at once; the rate decides what they come to."""

    def __init__(self):
        self.record = {}

    def result(self, name, flags, look, module):
        value = flags.get("learning_rate", flags.get("rate"))
        self.record[name] = {"flags": flags, "processor minutes": 1.0}
        assert module == neighbours.STARTED[name.split("/")[-1].split("-")[0]]
        return {"10 neighbours": 0.6 - abs(value - 0.75), "200 neighbours": 0.5}


@pytest.fixture
def neighbours_row():
    python = f"--peers_python={sys.executable}"
    options = peers.parse_arguments(
        ["--part=speed", "--data=d", "--work_dir=w", python]
    )
    options.peer_setting = "bfloat16+compiled"
    options.precision = "float32"
    runs = Runs()
    pace = {"ours": 512.0, "lightly": 128.0}
    both = neighbours.Neighbours(runs, options, pace)
    return runs, {s: both.row(s, 20.0) for s in neighbours.SIDES}, both


SETTING = "bfloat16+channels_last"


@pytest.fixture
def pace_of(tmp_path, monkeypatch):
    """Function from a setting to the pace, measured where none is kept."""
    best = {"setting": SETTING, "workers": 2, "images/s": {}}
    monkeypatch.setattr(
        speed.Speed,
        "pace",
        lambda self, form=None: {**best, "setting": form or SETTING},
    )

    def pace(setting=None):
        words = [f"--peers_python={sys.executable}", "--part=neighbours"]
        words += [f"--peer_setting={setting}"] * bool(setting)
        words += ["--data=d", f"--work_dir={tmp_path}"]
        return peers.pace_of(peers.parse_arguments(words))

    return pace


def test_a_pace_is_of_its_setting(pace_of, tmp_path):
    pace = pace_of("bfloat16")
    assert pace_of("bfloat16") == pace
    told = "bfloat16 on .*, for {}.* on .*: give --peer_setting=bfloat16 there"
    for other, name in ((SETTING, "bfloat16.channels_last"), (None, "all set")):
        with pytest.raises(SystemExit, match=told.format(name)):
            pace_of(other)
    (tmp_path / "pace.json").unlink()
    pace = pace_of()  # the best of all
    assert pace_of(SETTING) == pace == pace_of()
    with pytest.raises(SystemExit, match="for float32 on"):
        pace_of("float32")


def test_a_pace_is_of_its_machine(pace_of, tmp_path, monkeypatch):
    pace_of()
    with monkeypatch.context() as patched:
        patched.setattr(peers, "hardware", lambda: "another machine")
        with pytest.raises(SystemExit, match="on another machine: give"):
            pace_of()
    older = {"setting": SETTING, "workers": 2, "images/s": {}}
    (tmp_path / "pace.json").write_text(json.dumps(older))
    monkeypatch.setattr(peers, "hardware", lambda: "another machine")
    assert pace_of() == older


def test_steps_are_what_the_pace_makes_of_the_minutes(neighbours_row):
    _, found, _ = neighbours_row
    assert found["ours"]["steps"] == 2400
    assert found["lightly"]["steps"] == 600


def test_ours_is_trained_in_the_precision_of_its_pace(neighbours_row):
    runs, _, both = neighbours_row
    ours = [r for name, r in runs.record.items() if "ours" in name]
    assert {r["flags"]["mixed_precision"] for r in ours} == {"float32"}
    assert both.report([])["our precision"] == "float32"


@pytest.mark.parametrize("fastest", ["float32", "bfloat16"])
def test_ours_has_its_faster_precision(fastest, tmp_path):
    words = ["--part=neighbours", "--data=d", f"--work_dir={tmp_path}"]
    words += [f"--peers_python={sys.executable}", "--rounds=1"]

    def measured(words, folder):
        return {"images/s": 2.0 if f"--precision={fastest}" in words else 1.0}

    options = peers.parse_arguments(words)
    case = speed.Speed("neighbours", options, measured)
    pace = case.pace("bfloat16")
    assert pace["precision"] == fastest
    assert pace["images/s"] == {"ours": 2.0, "lightly": 1.0}


def test_rates_are_chosen_without_the_test_images(neighbours_row):
    runs, found, both = neighbours_row
    assert found["ours"]["rate"] == "lars:0.75"
    assert found["lightly"]["rate"] == "sgd:0.24"
    for name, run in runs.record.items():
        path = run["flags"].get("npz", run["flags"].get("dataset"))
        chooses = name.startswith("choices/")
        assert path.endswith(CHOICE if chooses else WHOLE)
    tried = both.report([])["rates tried"]
    assert set(tried["lightly"]) == set(neighbours.CANDIDATES["lightly"])


def test_the_file_for_choosing_holds_no_test_image():
    arrays = {
        "x_train": np.arange(10),
        "y_train": np.arange(10) % 3,
        "x_test": np.array([99]),
        "y_test": np.array([9]),
    }
    found = cifar_npz.choice(arrays, 8)
    assert found["x_train"].tolist() == list(range(8))
    assert found["x_test"].tolist() == [8, 9]
    assert found["y_test"].tolist() == [2, 0]
    assert len(found["y_train"]) == 8


def test_features_of_the_peer_are_made_of_unit_length(tmp_path):
    rows = np.array([[3.0, 4.0], [0.0, 2.0]])
    np.savez(tmp_path / handover.FEATURES, known=rows, asked=rows[1:])
    found = comparison.features_of_run(tmp_path, "no.npz")
    np.testing.assert_allclose(found["known"], [[0.6, 0.8], [0.0, 1.0]])
    np.testing.assert_allclose(found["asked"], [[0.0, 1.0]])


def test_accuracy_is_the_share_that_is_true():
    told, truth = np.array([[0, 1, 2, 2], [0, 0, 0, 0]]), np.arange(4) % 3
    assert comparison.shares(told, truth) == {
        "10 neighbours": 0.75,
        "200 neighbours": 0.5,
    }


def test_a_stopped_peer_has_the_exit_code_of_a_stopped_run():
    assert handover.PREEMPTED == findings_runs.PREEMPTED
