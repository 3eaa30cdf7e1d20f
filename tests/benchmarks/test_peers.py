"""The benchmark of peers: settings, clock, rounds, tables, command lines."""

import json
import pathlib
import subprocess
import sys

import pytest

from simclrv2_tf import flags as command_flags
from tools.benchmarks import peers
from tools.benchmarks.peers import original
from tools.benchmarks.peers import original_flags
from tools.benchmarks.peers import our_flags
from tools.benchmarks.peers import programs
from tools.benchmarks.peers import ratios
from tools.benchmarks.peers import speed
from tools.benchmarks.peers import start_lightly
from tools.benchmarks.peers import table
from tools.peers import cases
from tools.peers.step_clock import WARM_UP
from tools.peers.step_clock import StepClock

LOG = """\
I1126 18:00:00.000000 1 run.py:10] # train_steps: 30
I1126 23:59:50.000000 1 run.py:20] Completed: 10 / 30 steps
I1126 23:59:55.500000 1 run.py:20] Saved
I1127 00:00:10.000000 1 run.py:20] Completed: 30 / 30 steps
"""


def rows(*rates):
    return ratios.summary([{"images/s": rate} for rate in rates])


# Settings and cases


def test_a_setting_is_read_as_it_is_written():
    for setting in cases.all_settings(3):
        assert cases.setting_of(setting.form, 3) == setting
    assert len(set(cases.all_settings(3))) == 8


def test_an_unknown_setting_names_the_known_ones():
    with pytest.raises(ValueError, match=r"'bfloat16\+compiled'.*'int8'"):
        cases.setting_of("int8", 2)


@pytest.mark.parametrize("name", cases.ALL)
@pytest.mark.parametrize("precision", cases.PRECISIONS)
def test_our_flags_say_what_the_case_says(name, precision):
    case = cases.ALL[name]
    words = our_flags.flags_of(case, precision, "/a.npz", "/photos")
    config = command_flags.parse(["simclrv2", *words])
    assert config.train_batch_size == case.batch
    assert config.color_jitter_strength == case.strength
    assert config.use_blur == config.per_image_blur == case.blur
    assert config.width_multiplier == case.width
    assert config.mixed_precision == precision
    assert not config.lineareval_while_pretraining
    small = case.image_size <= 32
    assert config.dataset == ("npz:/a.npz" if small else "folder:/photos")


def test_the_originals_flags_are_ours_too():
    words = original_flags.flags_of(cases.CASES["r18-b128"], "/data", 40)
    config = command_flags.parse(["simclrv2", *words])
    assert (config.train_steps, config.checkpoint_steps) == (40, 8)
    assert not config.use_blur
    assert config.lineareval_while_pretraining


# The clock


def clock_of(times, seconds=2.0, least=2):
    each = iter([0.0, *times])
    return StepClock(10, seconds, least, lambda: next(each))


def test_the_clock_leaves_the_warm_up_out():
    times = [50, 51, 52, 53, 55, 57]
    clock = clock_of(times)
    done = [clock.tick() for _ in times]
    assert done == [False] * (WARM_UP + 1) + [True]
    assert clock.figures() == {
        "images/s": 5.0,
        "steps": 2,
        "median step, s": 2,
        "first step, s": 50,
    }


def test_the_clock_waits_for_its_seconds():
    times = [1, 2, 3, 4, 4.5, 5, 5.5, 6]
    clock = clock_of(times)
    assert [clock.tick() for _ in times].index(True) == len(times) - 1


def test_a_clock_of_few_steps_has_no_figures():
    clock = clock_of([1, 2])
    clock.tick()
    with pytest.raises(ValueError, match="more than 4 steps. Received: 1"):
        clock.figures()


# Rounds and ratios


def test_programs_are_measured_in_turn():
    order = []

    def measure(name, rate):
        return lambda: order.append(name) or {"images/s": rate}

    found = ratios.in_turn({"a": measure("a", 2.0), "b": measure("b", 1.0)}, 2)
    assert order == ["a", "b", "a", "b"]
    assert found["a"]["images/s"] == 2.0
    assert ratios.best(found) == "a"


def test_a_ratio_has_the_range_over_the_rounds():
    found = ratios.ratio(rows(30, 10, 20), rows(10, 10, 10), 1.5)
    assert found == {
        "ratio": 2.0,
        "lowest": 1.0,
        "highest": 3.0,
        "target": 1.5,
        "reached": True,
    }
    assert not ratios.ratio(rows(14), rows(10), 1.5)["reached"]


def test_ours_in_bfloat16_meets_the_fastest_peer_of_both_precisions():
    found = {
        "ours, float32": rows(10),
        "ours, bfloat16": rows(20),
        "lightly as it comes": rows(8),
        "lightly's best, float32": rows(12),
        "lightly's best, bfloat16": rows(5),
    }
    told = speed.compare(found, 1.5)
    assert {p: row["peer"] for p, row in told.items()} == dict.fromkeys(
        cases.PRECISIONS, "lightly's best, float32"
    )
    assert told["bfloat16"]["reached"] and not told["float32"]["reached"]


# The search for the peer's best setting


class Peer:
    """Measures by table: compiling in bfloat16 fails, one worker is faster."""

    def __init__(self):
        self.words = []

    def __call__(self, words, folder):
        self.words.append(words)
        text = " ".join(words)
        if "bfloat16+channels_last+compiled" in text:
            raise programs.Failed("exit code 1: no g++")
        rate = 1 + ("channels_last" in text) + 2 * ("--workers=1" in text)
        return {"images/s": float(rate), "load before": 0.0}


def options_of(*words):
    here = sys.executable
    return peers.parse_arguments(
        [
            "--part=speed",
            "--data=data",
            "--work_dir=work",
            f"--peers_python={here}",
            "--workers",
            "2",
            "1",
            "--rounds=2",
            *words,
        ]
    )


def test_every_setting_is_tried_and_the_best_is_taken():
    peer = Peer()
    report = speed.Speed("r18-b128", options_of(), peer).report()
    assert len(report["settings tried"]) == 8 + 2
    assert "exit code 1: no g++" in report["settings tried"].values()
    assert report["chosen"]["float32"] == "float32, channels-last, 1 workers"
    assert set(report["images/s"]) == {
        "ours, float32",
        "ours, bfloat16",
        "lightly as it comes",
        "lightly's best, float32",
        "lightly's best, bfloat16",
    }
    assert len(peer.words) == 10 + 2 * 5


def test_a_peer_that_never_runs_is_an_error():
    def fails(words, folder):
        raise programs.Failed("exit code 1: no torch")

    with pytest.raises(SystemExit, match="must run in float32.*no torch"):
        speed.Speed("r18-b128", options_of(), fails).report()


def test_a_bare_step_is_asked_for_on_both_sides():
    peer = Peer()
    speed.Speed("r18-b128", options_of("--bare"), peer).report()
    assert all("--bare" in words for words in peer.words)


# Processes


def test_a_failed_program_tells_its_last_words(tmp_path):
    words = [sys.executable, "-c", "raise SystemExit('no such thing')"]
    with pytest.raises(programs.Failed, match="exit code 1: no such thing"):
        programs.measured(words, tmp_path)


def test_the_last_line_of_a_program_is_its_figures(tmp_path):
    words = [sys.executable, "-c", "print('hello'); print('{\"images/s\": 3}')"]
    assert programs.measured(words, tmp_path)["images/s"] == 3


def test_the_peers_interpreter_is_named_once():
    assert start_lightly.split(["--python=a", "--rate=1"]) == (
        "a",
        ["--rate=1"],
    )
    with pytest.raises(SystemExit, match="once. Received: \\[\\]"):
        start_lightly.split(["--rate=1"])


# The original's log


def test_the_originals_rate_is_that_behind_its_first_loop():
    assert original.rate_of(LOG, 128) == {"images/s": 128.0, "steps": 20}


def test_a_log_of_one_loop_tells_no_rate():
    with pytest.raises(ValueError, match="two loops or more.*Received: 1"):
        original.rate_of(LOG[: LOG.index("I1127")], 128)


# The command and its tables


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--peers_python=/no/python"], "`bash tools/peers.sh` makes it"),
        (["--part=original"], "--original must be the folder tf2/"),
        (["--rounds=0"], "--rounds and --least must be 1 or more"),
        (["--cases", "r34"], "invalid choice: 'r34'"),
        (["--peer_setting=int8"], "`setting` must be one of"),
    ],
)
def test_wrong_words_are_told(capsys, words, message):
    with pytest.raises(SystemExit):
        options_of(*words)
    assert message in capsys.readouterr().err


def test_the_original_is_measured_on_small_images_alone(capsys, tmp_path):
    (tmp_path / "run.py").touch()
    with pytest.raises(SystemExit):
        options_of(
            "--part=original", f"--original={tmp_path}", "--cases", "r50-b16"
        )
    assert "--cases must be of" in capsys.readouterr().err


def test_a_part_keeps_what_others_left(monkeypatch, tmp_path):
    path = tmp_path / "peers.json"
    left = {"command": "old", "speed": {"r50-b16": 1}, "neighbours": 2}
    path.write_text(json.dumps(left))
    monkeypatch.setattr(peers, "REPORT", path)
    monkeypatch.setattr(peers, "environment", lambda words: {"load": 0})
    monkeypatch.setattr(
        peers, "speed_parts", lambda o: [("speed", "r18-b128", {"found": 3})]
    )
    words = ["--part=speed", "--data=d", "--work_dir=w"]
    (report,) = peers.run([*words, f"--peers_python={sys.executable}"])
    assert report == {
        "speed": {"r50-b16": 1, "r18-b128": {"load": 0, "found": 3}},
        "neighbours": 2,
    }


def test_what_is_not_measured_says_so():
    assert table.text({}).count(table.NOT_YET) == 4


def test_the_table_tells_ratio_range_and_target():
    found = speed.compare(
        {
            "ours, float32": rows(10, 10),
            "ours, bfloat16": rows(18, 20),
            "lightly as it comes": rows(10, 10),
        },
        1.5,
    )
    case = {
        "what": "ResNet-18",
        "hardware": "2 cores",
        "images/s": {"ours, bfloat16": rows(18, 20)},
        "ours over the peer's best": {"bfloat16": found["bfloat16"]},
    }
    text = table.text({"speed": {"r18-b128": case}})
    assert "| ours, bfloat16 | 19.0 | 18.0 to 20.0 |" in text
    assert "| bfloat16 | 1.90 | 1.80 to 2.00 | 1.5: reached |" in text


def test_the_peers_side_loads_nothing_of_ours():
    code = (
        "import sys, tools.peers.cases, tools.peers.step_clock, "
        "tools.peers.handover; "
        "print([m for m in sys.modules if m in "
        "('tensorflow', 'simclrv2_tf', 'tools.benchmarks')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=pathlib.Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
