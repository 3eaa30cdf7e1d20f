"""What a journal tells the page."""

import json
import re

import pytest
from journals import EVENTS
from journals import WARNING

from simclrv2_tf import reports
from simclrv2_tf.reports import history
from simclrv2_tf.reports import overview


def stage_of(tmp_path, flags=None):
    flags = flags or {"train_mode": "pretrain", "dataset": "digits"}
    (tmp_path / "flags.json").write_text(json.dumps(flags))
    lines = "\n".join(map(json.dumps, EVENTS))
    (tmp_path / "events.jsonl").write_text(lines)
    (stage,) = history.read_stages(str(tmp_path))
    return stage


def test_points_that_come_again_count_once(tmp_path):
    stage = stage_of(tmp_path)
    panels = stage.panels()
    assert panels["loss"] == {"contrast loss": ([10, 40], [5.0, 2.0])}
    assert "learning rate" not in panels
    assert stage.resumed == [15]


def test_the_curves_of_a_run_are_public(tmp_path):
    stage = stage_of(tmp_path)
    assert reports.panels(tmp_path) == stage.panels()


def test_curves_are_of_a_single_run(tmp_path):
    with pytest.raises(ValueError, match="directory of a run.*ived: 'nothing'"):
        reports.panels("nothing")
    (tmp_path / "scratch").mkdir()
    stage_of(tmp_path / "scratch")
    (tmp_path / "job.json").write_text("{}")
    with pytest.raises(ValueError, match="single run.*with the runs scratch"):
        reports.panels(tmp_path)


def test_warnings_of_a_sort_are_one(tmp_path):
    (warning,) = history.warnings(stage_of(tmp_path))
    assert warning == {
        "sentence": WARNING.format(3.0),
        "first": 20,
        "last": 25,
        "times": 2,
    }


def test_what_was_done_is_told(tmp_path):
    told = history.actions(stage_of(tmp_path).events)
    assert told[0] == "Stopped at step 30: SIGTERM"
    assert told[1] == "Went on from step 15."
    assert told[2].startswith("Rolled back to step 20")


def test_the_command_repeats_what_was_asked(tmp_path):
    stage = stage_of(tmp_path)
    assert overview.command("runs/a b", [stage]) == (
        "simclrv2 '--flagfile=runs/a b/flags.cfg'"
    )
    asked = {"dataset": "folder:my photos", "cache_dataset": False}
    asked["stage_options"] = "pretrain.learning_rate=0.5"
    (tmp_path / "job.json").write_text(json.dumps({"asked": asked}))
    assert overview.command(str(tmp_path), [stage]) == (
        "simclrv2 '--dataset=folder:my photos' --nocache_dataset "
        f"--pretrain.learning_rate=0.5 --model_dir={tmp_path}"
    )


def probed(step, share):
    return {"event": "probe", "time": "", "step": step, "features": share}


def test_probes_are_those_of_the_start_that_went_on():
    halved = {"event": "halved", "rate": 0.5}
    events = [probed(5, 0.1), halved, probed(5, 0.2), probed(9, 0.3)]
    events += [probed(9, 0.4), {"event": "stop", "step": 9}]
    assert history.probes(events) == [
        {"step": 5, "features": 0.2},
        {"step": 9, "features": 0.4},
    ]
    assert history.probes([*events, halved]) == []


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "1 step whose loss .* was taken"), (2, "2 steps .* were taken")],
)
def test_steps_taken_back_are_counted(count, words):
    (told,) = history.actions([{"event": "train", "skipped": count}])
    assert re.match(words, told)


@pytest.mark.parametrize("name", ["flags.json", "environment.json"])
def test_a_damaged_file_of_a_run_is_named(tmp_path, name):
    stage_of(tmp_path)
    (tmp_path / name).write_text("[")
    words = f"{name}' must hold .* as JSON, and does not: restore it, or remove"
    with pytest.raises(ValueError, match=words):
        history.read_stages(str(tmp_path))
