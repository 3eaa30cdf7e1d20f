"""A run is asked about the data that it was trained on, or a warning tells."""

import dataclasses
import json

import numpy as np
import pytest
import small_backbone

from simclrv2_tf.config import Config
from simclrv2_tf.runs import inputs
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import recorded_data
from simclrv2_tf.runs.train import train

TINY = {
    **small_backbone.options(),
    "image_size": 8,
    "num_proj_layers": 1,
    "proj_out_dim": 8,
    "train_batch_size": 4,
    "train_steps": 1,
    "warmup_epochs": 0,
    "channels": 3,
}
HOLDOUT = {"holdout_fraction": 0.25, "eval_split": "holdout"}
SLICE = {"train_split": "train[:75%]", "eval_split": "train[75%:]"}
RUNS = [
    {"train_mode": "finetune", **HOLDOUT},
    {"train_mode": "finetune", "labels_per_class": 3, **HOLDOUT},
    {"train_mode": "pretrain", "labels_per_class": 3, **HOLDOUT},
    {"train_mode": "finetune", **SLICE},
]
WARNING = "THE DATA HAVE CHANGED since the run in"


def write(path, count):
    """Grey images of two classes, those of more beginning with the fewer."""
    images = np.random.default_rng(0).integers(0, 255, (64, 8, 8))
    labels = np.arange(count) % 2
    np.savez(path, images=images[:count].astype(np.uint8), labels=labels)
    return f"npz:{path}"


def warned(caplog, flags, directory, **options):
    caplog.clear()
    kept = {n: flags[n] for n in flags if n not in (*TINY, "train_mode")}
    kept = {**kept, "mode": "eval", "model_dir": str(directory), **options}
    recorded_data.warn_if_changed(Config(**kept))
    return WARNING in caplog.text


def test_another_part_of_the_labels_is_refused(tmp_path):
    directory = str(tmp_path)
    recorded_data.check_part(directory, 48)  # there is no run
    model_dir.write_environment(directory, {"data": {"examples": 40}})
    recorded_data.check_part(directory, 40)
    with pytest.raises(ValueError, match="40 of them. Received: 48; give the"):
        recorded_data.check_part(directory, 48)


@pytest.mark.parametrize("options", RUNS)
def test_other_images_are_told_where_some_were_held_out(
    options, tmp_path, announced, caplog
):
    dataset = write(tmp_path / "a.npz", 40)
    flags = {**TINY, **options, "dataset": dataset}
    run = tmp_path / "run"
    with announced():
        train(Config(**flags, model_dir=str(run)))
    assert not warned(caplog, flags, run)
    assert not warned(caplog, flags, run, labels_per_class=1)
    write(tmp_path / "a.npz", 44)
    for mode in ("eval", "probe", "curate"):
        assert warned(caplog, flags, run, mode=mode)
    assert "drawn anew" in caplog.text and "'examples'" in caplog.text
    assert not warned(caplog, flags, run, eval_split="test")
    assert not warned(caplog, flags, run, dataset="digits")


@pytest.mark.slow
def test_labels_are_those_of_a_run_that_numbers_its_classes_otherwise(
    tmp_path, announced, caplog
):
    """As the weights do that it starts from; it draws as the data do."""
    dataset = write(tmp_path / "a.npz", 40)
    source = inputs.open_source(Config(dataset=dataset))
    other = dataclasses.replace(
        source, labels=1 - source.labels, class_names=source.class_names[::-1]
    )
    tuned = {**TINY, "train_mode": "finetune"}
    flags = {**tuned, **RUNS[1], "dataset": dataset}
    flags["checkpoint"] = str(tmp_path / "first")
    run = tmp_path / "run"
    train(Config(**tuned, model_dir=flags["checkpoint"]), other)
    with announced():
        train(Config(**flags, model_dir=str(run)))
    known = json.loads((run / "flags.json").read_text())
    assert known["class_names"] == ["1", "0"]
    assert known[inputs.DRAWN_AS] == [1, 0]
    assert not warned(caplog, flags, run)


def test_a_run_that_went_on_with_other_images_is_told_of_both(
    tmp_path, announced, caplog
):
    """Whichever data come back, some of them are among the others'."""
    dataset = write(tmp_path / "a.npz", 40)
    flags = {**TINY, **RUNS[0], "dataset": dataset}
    run = tmp_path / "run"
    with announced():
        train(Config(**flags, model_dir=str(run)))
    file = run / "environment.json"
    known = json.loads(file.read_text())
    other = {**known["data"], "fingerprint": "another"}
    file.write_text(json.dumps({**known, "earlier_data": [other]}))
    assert warned(caplog, flags, run)
    file.write_text(json.dumps({**known, "earlier_data": [known["data"]]}))
    assert not warned(caplog, flags, run)


def test_so_is_a_table_that_was_written_anew(tmp_path, announced, caplog):
    dataset = write(tmp_path / "a.npz", 40)
    table = tmp_path / "names.txt"
    table.write_text(f"{dataset} (train)#3\n")
    flags = {**TINY, **RUNS[0], "dataset": dataset}
    flags["exclude_images"] = str(table)
    run = tmp_path / "run"
    with announced():
        train(Config(**flags, model_dir=str(run)))
    other = tmp_path / "since.txt"
    other.write_text(f"{dataset} (train)#5\n")
    assert not warned(caplog, flags, run)
    assert not warned(caplog, flags, run, exclude_images=str(other))
    table.write_text(f"{dataset} (train)#5\n")
    assert warned(caplog, flags, run)


def test_a_run_without_a_part_held_out_is_as_it_was(
    tmp_path, announced, caplog
):
    dataset = write(tmp_path / "a.npz", 40)
    flags = {**TINY, "train_mode": "finetune", "dataset": dataset}
    run = tmp_path / "run"
    with announced():
        train(Config(**flags, model_dir=str(run)))
    write(tmp_path / "a.npz", 44)
    assert not warned(caplog, flags, run, mode="probe")
    assert not warned(caplog, flags, tmp_path, mode="probe")  # no run
