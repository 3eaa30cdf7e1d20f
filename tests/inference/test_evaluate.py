"""What evaluation judges, when it waits, and what it writes."""

import collections
import csv
import dataclasses
import json
import logging

import keras
import numpy as np
import pytest
import small_backbone
import tensorflow as tf

import simclrv2_tf
from simclrv2_tf import session
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.config import Config
from simclrv2_tf.data import class_gaps
from simclrv2_tf.data import label_subset
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.splits import NoSplitError
from simclrv2_tf.data.storage import Files
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.inference import evaluate
from simclrv2_tf.inference import shared_images
from simclrv2_tf.inference.evaluation import class_numbering
from simclrv2_tf.inference.evaluation.eval_batches import spread_over
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs import train
from simclrv2_tf.runs import weights
from simclrv2_tf.session import training

SIZE = {"image_size": 8, "num_proj_layers": 1, "proj_out_dim": 8}
TINY = {**SIZE, **small_backbone.options()}
DIGITS = [str(digit) for digit in range(10)]
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    own = small_backbone.arguments()
    network = Network(**SIZE, **own, num_classes=10)
    head = network.supervised_head.linear.kernel
    head.assign(RNG.normal(size=head.shape))  # answers that differ
    return network


@pytest.fixture
def run(network, tmp_path):
    directory = tmp_path / "run"
    save(directory, network, 4)
    write_flags(directory)
    return directory


def save(directory, network, step):
    run_directory.save(str(directory), step, network.named_variables())


def write_flags(directory, **flags):
    own = {"image_size": 8, "class_names": DIGITS}
    values = {**own, **small_backbone.arguments(), **flags}
    (directory / "flags.json").write_text(json.dumps(values))


def pictures(count=12, names=DIGITS, name="pictures"):
    labels = np.arange(count, dtype=np.int32) % len(names)
    tints = RNG.random((count, 1, 1, 3))  # told apart by a small network
    images = np.uint8(tints * RNG.integers(0, 255, (count, 8, 8, 3)))
    return Source(name, labels, InMemory(images), tuple(names))


def test_result_files_have_the_originals_names_and_ours(run):
    result = simclrv2_tf.evaluate(pictures(), run)
    stored = json.loads((run / "result.json").read_text())
    assert stored == json.loads((run / "result_4.json").read_text())
    origin = {"global_step": 4, "data": pictures().name, "ema": False}
    assert stored == {**result, **origin}
    originals = {
        "eval/label_top_1_accuracy",
        "eval/label_top_5_accuracy",
        "eval/regularization_loss",
        "global_step",
    }
    ours = {"eval/examples", "eval/balanced_accuracy"}
    ours |= {
        "eval/expected_calibration_error",
        "classes",
        "calibration",
        "data",
        "ema",
    }
    assert set(stored) == originals | ours


def table(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_tables_stand_beside_the_result(run):
    write_flags(run, class_names=list("abcdefghi") + ['j, "k"'])
    source = pictures(30, list("abcdefghi") + ['j, "k"'])
    simclrv2_tf.evaluate(source, run, eval_name="night")
    result = json.loads((run / "result_night.json").read_text())
    header, *rows = table(run / "per_class_night.csv")
    classes = result["classes"]
    assert header == ["class", "examples", "right", "predicted", "accuracy"]
    assert [row[0] for row in rows] == classes["names"]
    assert [float(row[4]) for row in rows] == classes["accuracy"]
    (corner, *names), *rows = table(run / "confusion_night.csv")
    assert corner == "label" and names == [row[0] for row in rows]
    assert names[-1] == 'j, "k"'
    counts = [[int(count) for count in row[1:]] for row in rows]
    assert counts == classes["confusion"]
    assert np.sum(counts, axis=1).tolist() == [3] * 10
    header, *rows = table(run / "reliability_night.csv")
    curve = result["calibration"]["reliability"]
    assert header == list(curve) and len(rows) == 15
    assert [row[3] for row in rows] == [
        "" if value is None else str(value) for value in curve["confidence"]
    ]
    assert sum(int(row[2]) for row in rows) == 30


def test_eval_name_tells_evaluations_apart(run):
    simclrv2_tf.evaluate(pictures(), run, eval_name="night")
    assert (run / "result_night.json").exists()
    assert (run / "result_night_4.json").exists()
    assert not (run / "result.json").exists()
    (events,) = (run / "eval_night").glob("events*")
    tags = {
        value.tag
        for event in tf.compat.v1.train.summary_iterator(str(events))
        for value in event.summary.value
    }
    assert "eval/label_top_1_accuracy" in tags


def test_eval_steps_bounds_both_ways_of_judging(run):
    result = session.run(
        Config(
            mode="eval",
            model_dir=str(run),
            eval_steps=2,
            eval_batch_size=3,
            knn_k=1,
        ),
        pictures(20),
        pictures(20),
    )
    assert result["eval/examples"] == result["eval/knn_examples"] == 6
    assert result["eval/knn_references"] == 20


def test_eval_steps_looks_at_all_classes_of_a_sorted_data_set():
    labels = np.repeat(np.arange(4), 25).astype(np.int32)
    images = InMemory(np.zeros((100, 8, 8, 3), np.uint8))
    config = Config(mode="eval", eval_steps=2, eval_batch_size=4)
    some = spread_over(config, Source("sorted", labels, images, tuple("abcd")))
    np.testing.assert_array_equal(some.labels, np.repeat(np.arange(4), 2))
    everything = dataclasses.replace(config, eval_steps=25)
    whole = Source("sorted", labels, images, tuple("abcd"))
    assert spread_over(everything, whole) is whole


@pytest.mark.slow
def test_neighbours_are_those_whose_labels_are_used(run):
    options = {"knn_k": 5, "labels_per_class": 2, "eval_split": "test"}
    result = simclrv2_tf.evaluate("digits", run, **options)
    assert result["eval/knn_references"] == 20
    assert result["eval/knn_examples"] == result["eval/examples"] == 360


def test_a_classifier_that_was_never_trained_is_not_judged(run, caplog):
    write_flags(run, train_mode="pretrain", lineareval_while_pretraining=False)
    with caplog.at_level(logging.WARNING, "simclrv2_tf"):
        result = simclrv2_tf.evaluate(pictures(), run)
    assert set(result) == {"eval/regularization_loss"}
    assert "nothing to evaluate" in caplog.text
    write_flags(run, train_mode="pretrain", lineareval_while_pretraining=True)
    assert "eval/examples" in simclrv2_tf.evaluate(pictures(), run)


def test_images_without_labels_are_not_evaluated_on(run):
    plain = pictures()
    labels = np.full_like(plain.labels, -1)
    plain = dataclasses.replace(plain, labels=labels, class_names=None)
    message = "needs labelled examples, and pictures has none: give an --eval"
    with pytest.raises(ValueError, match=message):
        simclrv2_tf.evaluate(plain, run)
    assert not list(run.glob("result*"))
    for options, message in (
        ({"knn_k": 5, "train_dataset": pictures()}, "are judged by labels"),
        ({"calibrate": True}, "with 0 labels: give"),
    ):
        with pytest.raises(ValueError, match=message):
            simclrv2_tf.evaluate(plain, run, **options)


@pytest.mark.parametrize("average", [{}, {"eval_ema": True}])
def test_the_best_checkpoint_is_judged_as_it_is_exported(monkeypatch, average):
    configs = []
    monkeypatch.setattr(
        training.evaluate,
        "evaluate_checkpoint",
        lambda *a: configs.append(a[0]),
    )
    monkeypatch.setattr(training.weights, "best", lambda config: "ckpt-1")
    best = {"export_best": "label_top_1_accuracy", "train_mode": "finetune"}
    kept = {"memory_momentum": 0.9, "export_ema": True, **average}
    for options in ({}, kept):
        training._evaluate_best(Config(**best, **options), None, None)
    assert [config.eval_ema for config in configs] == [False, True]
    assert {config.eval_name for config in configs} == {"best"}


def test_after_training_images_without_labels_are_left_out(run, caplog):
    """Their classes may be named all the same, as those of training are."""
    plain = pictures()
    plain = dataclasses.replace(plain, labels=np.full_like(plain.labels, -1))
    config = Config(model_dir=str(run), mode="train_then_eval", image_size=8)
    with caplog.at_level(logging.WARNING, "simclrv2_tf"):
        result = evaluate.evaluate_checkpoint(config, f"{run}/ckpt-4", plain)
    assert "nothing to evaluate" in caplog.text
    assert "eval/examples" not in result


def accuracy(source, run):
    return simclrv2_tf.evaluate(source, run)["eval/label_top_1_accuracy"]


def test_other_classes_are_refused(run):
    with pytest.raises(ValueError, match="Received: a, b, c in pictures, whi"):
        simclrv2_tf.evaluate(pictures(names="abc"), run)
    write_flags(run, class_names=list("abcdefghij"))
    with pytest.raises(ValueError, match="not among a, b, c, .*--label_map"):
        simclrv2_tf.evaluate(pictures(), run)  # numbers are names as well
    write_flags(run, class_names=None)
    with pytest.raises(ValueError, match="a network of 10 and pictures of 3"):
        simclrv2_tf.evaluate(pictures(names="abc"), run)


@pytest.mark.slow
def test_classes_in_another_order_or_fewer_are_matched_by_name(run):
    write_flags(run, class_names=list("abcdefghij"))
    source = pictures(40, "abcdefghij")
    expected = accuracy(source, run)
    backwards = dataclasses.replace(
        source, labels=9 - source.labels, class_names=tuple("jihgfedcba")
    )
    assert accuracy(backwards, run) == expected
    few = np.flatnonzero(source.labels >= 7)
    part = dataclasses.replace(
        source.subset(few),
        labels=source.labels[few] - 7,
        class_names=tuple("hij"),
    )
    assert accuracy(part, run) == accuracy(source.subset(few), run)
    # Of a network that does not know its classes the order is taken.
    write_flags(run, class_names=None)
    assert accuracy(backwards, run) != expected


def test_weights_without_names_are_said_to_be_matched_by_number(run, caplog):
    write_flags(run, class_names=None)
    config = Config(mode="eval", model_dir=str(run))
    prefix = str(run / "ckpt-4")
    network = weights.load(config, prefix)
    caplog.clear()
    data = pictures(names="abcdefghij")
    for quiet in (pictures(), dataclasses.replace(data, numbered=True)):
        assert class_numbering.in_network_order(prefix, network, quiet) is quiet
    assert not caplog.messages
    assert class_numbering.in_network_order(prefix, network, data) is data
    (warning,) = caplog.messages
    assert "matched by number, as the weights do not name them" in warning
    assert "pictures has 0 'a', 1 'b', " in warning


def test_weights_without_names_are_not_judged_by_shifted_numbers(run):
    write_flags(run, class_names=None)
    prefix = str(run / "ckpt-4")
    network = weights.load(Config(mode="eval", model_dir=str(run)), prefix)
    names = (*map(str, range(9)), "11")  # as many as the network has
    notes = class_gaps.gap_notes(names)
    data = dataclasses.replace(pictures(), class_names=names, notes=notes)
    with pytest.raises(ValueError, match="The class 9 has no example in pic"):
        class_numbering.in_network_order(prefix, network, data)


def test_numbers_of_a_label_map_are_those_of_the_network(run):
    """A map of 0,9 and 1,8 and so on, whose labels are numbers too."""
    source = pictures(40)
    expected = accuracy(source, run)
    for names in (DIGITS[::-1], list("abcdefghij")):
        mapped = dataclasses.replace(
            source, class_names=tuple(names), numbered=True
        )
        assert accuracy(mapped, run) == expected


def test_neighbours_and_queries_are_numbered_alike(run, caplog):
    """A map of numbers that the run's earlier version took by name."""
    write_flags(run, label_map="m.csv")
    mapped = dataclasses.replace(
        pictures(20), class_names=tuple(DIGITS[::-1]), numbered=True
    )
    options = {"train_dataset": mapped, "knn_k": 1}
    shared_images._warn.cache_clear()
    result = simclrv2_tf.evaluate(mapped, run, **options)
    assert result["eval/knn_accuracy"] == 1
    assert "neighbours (--knn_k) judge each of them by its own" in caplog.text


def test_neighbours_are_matched_by_name(run):
    source = pictures(20, "ab")
    swapped = dataclasses.replace(
        source, labels=1 - source.labels, class_names=("b", "a")
    )
    options = {"train_dataset": source, "knn_k": 1}
    accuracy, same = (
        simclrv2_tf.evaluate(queries, run, **options)["eval/knn_accuracy"]
        for queries in (source, swapped)
    )
    assert accuracy == same != 1 - same
    with pytest.raises(ValueError, match="The neighbours and .*: c in pictu"):
        simclrv2_tf.evaluate(pictures(20, "abc"), run, **options)


@pytest.mark.slow
def test_neighbours_are_those_that_the_run_drew(run):
    """It may number its classes otherwise than it drew their labels."""
    numbers = list(range(9, -1, -1))
    write_flags(run, class_names=DIGITS[::-1], labels_drawn_as=numbers)
    source = pictures(80)
    drawn = source.subset(label_subset.choose_labels(source.labels, 1.0, 2))
    options = {"train_dataset": source, "labels_per_class": 2, "knn_k": 1}
    result = simclrv2_tf.evaluate(drawn, run, **options)
    assert result["eval/knn_accuracy"] == 1
    write_flags(run, class_names=DIGITS[::-1])  # of an earlier version
    result = simclrv2_tf.evaluate(drawn, run, **options)
    assert result["eval/knn_accuracy"] < 1


def test_features_are_judged_whatever_the_classes(run):
    result = simclrv2_tf.evaluate(
        pictures(names="abc"), run, train_dataset=pictures(9, "abc"), knn_k=1
    )
    assert result["eval/knn_references"] == 9
    assert "eval/examples" not in result


def test_waiting_ends_with_the_last_step(network, run, monkeypatch):
    monkeypatch.setattr(evaluate, "POLL_SECONDS", 0.01)
    write_flags(run, planned_steps=9)
    config = Config(mode="eval", model_dir=str(run), eval_timeout=60)
    prefixes = evaluate.checkpoints(config)
    assert next(prefixes).endswith("ckpt-4")
    save(run, network, 9)
    assert next(prefixes).endswith("ckpt-9")
    assert next(prefixes, None) is None


def test_waiting_ends_when_nothing_comes(network, run, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluate, "POLL_SECONDS", 0.01)
    config = Config(mode="eval", model_dir=str(run), eval_timeout=0.05)
    assert [p.rsplit("-")[-1] for p in evaluate.checkpoints(config)] == ["4"]
    empty = Config(
        mode="eval", model_dir=str(tmp_path / "none"), eval_timeout=0.05
    )
    with pytest.raises(ValueError, match="holds no checkpoint"):
        list(evaluate.checkpoints(empty))


def test_without_a_timeout_the_newest_alone(network, run):
    save(run, network, 6)
    config = Config(mode="eval", model_dir=str(run))
    assert [p.rsplit("-")[-1] for p in evaluate.checkpoints(config)] == ["6"]


def test_a_damaged_image_is_named(run, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").write_bytes(b"no image")
    source = Source(
        "folder",
        np.array([0], np.int32),
        Files(np.array([str(tmp_path / "a" / "1.png")])),
        tuple(DIGITS),
    )
    words = r"a/1\.png is none, or is damaged.* so far: 1 of 1 images"
    with pytest.raises(ValueError, match=words):
        simclrv2_tf.evaluate(source, run)


def test_a_wrong_split_fails_before_training(tmp_path, monkeypatch):
    def train(*args):
        raise AssertionError("trained before the split was looked for")

    monkeypatch.setattr(training, "train", train)
    options = {**TINY, "mode": "train_then_eval", "eval_split": "night"}
    with pytest.raises(NoSplitError, match="--eval_split=night must name a"):
        simclrv2_tf.pretrain("digits", tmp_path, **options)
    images = tf.data.Dataset.from_tensor_slices(np.zeros((4, 8, 8, 3)))
    with pytest.raises(ValueError, match="`eval_dataset` must be given"):
        simclrv2_tf.pretrain(
            images, tmp_path, **{**options, "eval_split": "test"}
        )


@pytest.mark.parametrize("export_best", [None, "label_top_1_accuracy"])
def test_a_split_of_other_classes_fails_before_training(tmp_path, export_best):
    config = Config(
        **TINY,
        mode="train_then_eval",
        model_dir=str(tmp_path / "run"),
        train_mode="finetune",
        train_batch_size=4,
        train_steps=1,
        export_best=export_best,
    )
    with pytest.raises(ValueError, match="The run and the data must.*: d in"):
        session.run(config, pictures(names="abc"), pictures(names="abd"))
    assert not (tmp_path / "run" / "flags.json").exists()


def test_a_teacher_of_other_classes_is_refused(run, tmp_path):
    write_flags(run, class_names=list("abcdefghij"))
    config = Config(
        **TINY,
        train_mode="distill",
        teacher=str(run),
        model_dir=str(tmp_path / "student"),
        train_batch_size=4,
        train_steps=1,
        warmup_epochs=0,
    )
    other = pictures(names=list("zbcdefghij"))
    with pytest.raises(ValueError, match="The teacher and the data must have"):
        train.train(config, other)
    assert not (tmp_path / "student" / "flags.json").exists()


def test_a_student_of_unlabelled_images_has_the_teachers_names(
    run, tmp_path, announced
):
    write_flags(run, class_names=list("abcdefghij"))
    images = RNG.random((8, 8, 8, 3), np.float32)
    with announced():
        simclrv2_tf.distill(
            tf.data.Dataset.from_tensor_slices(images),
            tmp_path / "student",
            run,
            **TINY,
            train_batch_size=4,
            train_steps=1,
            warmup_epochs=0,
        )
    flags = json.loads((tmp_path / "student" / "flags.json").read_text())
    assert flags["class_names"] == list("abcdefghij")


@pytest.mark.slow
def test_an_evaluation_that_comes_again_is_one_point(run, network):
    simclrv2_tf.evaluate(pictures(), run)
    simclrv2_tf.evaluate(pictures(20), run)
    save(run, network, 5)
    simclrv2_tf.evaluate(pictures(), run)
    points = collections.Counter(
        (value.tag, event.step, float(tf.make_ndarray(value.tensor)))
        for path in sorted((run / "eval").glob("events*"))
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
        if value.tag == "eval/examples"
    )
    assert points == {("eval/examples", 4, 20): 1, ("eval/examples", 5, 12): 1}


def test_events_that_cannot_be_written_are_one_line(run, caplog):
    (run / "eval").write_text("in the way")
    result = simclrv2_tf.evaluate(pictures(), run)
    assert json.loads((run / "result.json").read_text())["global_step"] == 4
    assert result["eval/examples"] == 12
    (line,) = [m for m in caplog.messages if "TensorBoard events" in m]
    assert "\n" not in line


@pytest.mark.parametrize(
    "ema", [False, pytest.param(True, marks=pytest.mark.slow)]
)
def test_a_result_says_which_weights_were_judged(network, run, ema):
    trained = network.named_variables()
    averaged = {f"ema_model/{n}": v.numpy() for n, v in trained.items()}
    run_directory.save(str(run), 4, {**trained, **averaged})
    result = simclrv2_tf.evaluate(pictures(), run, eval_ema=ema)
    assert "ema" not in result  # of the file, as the data are
    assert json.loads((run / "result.json").read_text())["ema"] is ema
    prefix = str(run / "ckpt-4")
    simclrv2_tf.evaluate(
        pictures(), run.parent / "new", checkpoint=prefix, checkpoint_ema=ema
    )
    stored = json.loads((run.parent / "new" / "result.json").read_text())
    assert stored["ema"] is ema
