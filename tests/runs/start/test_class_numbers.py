"""Classes of a run, its teacher and its checkpoint, matched by name."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import small_backbone

from simclrv2_tf.config import Config
from simclrv2_tf.data import sources
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.runs import inputs
from simclrv2_tf.runs import weights
from simclrv2_tf.runs.assembly import open_data
from simclrv2_tf.runs.start import class_numbers
from simclrv2_tf.runs.train import train

TINY = {
    "train_mode": "finetune",
    **small_backbone.options(),
    "image_size": 8,
    "num_proj_layers": 1,
    "proj_out_dim": 8,
    "train_batch_size": 6,
    "warmup_epochs": 0,
    "train_steps": 2,
    "labels_per_class": 2,
}
NUMBERS = tuple(str(number) for number in range(12))
LETTERS = tuple(sorted(NUMBERS))  # 0, 1, 10, 11, 2, ...: as folders once were


def pictures(names):
    """Four images of each class, the same ones whatever the order of names."""
    classes = sorted(names)
    labels = [names.index(name) for name in classes for _ in range(4)]
    images = np.random.default_rng(0).integers(0, 255, (len(labels), 8, 8, 3))
    storage = InMemory(images.astype(np.uint8))
    return Source("pictures", np.array(labels, np.int32), storage, tuple(names))


def config(directory, **options):
    return Config(**{**TINY, **options, "model_dir": str(directory)})


def flags(directory):
    return json.loads((directory / "flags.json").read_text())


def as_of_an_earlier_version(directory):
    kept = flags(directory)
    del kept["class_names_as_written"]
    kept.pop(inputs.DRAWN_AS, None)
    (directory / "flags.json").write_text(json.dumps(kept))


@pytest.fixture(scope="module")
def by_letters(tmp_path_factory):
    """A run of two steps whose classes are in an earlier version's order."""
    directory = tmp_path_factory.mktemp("runs") / "old"
    train(config(directory), pictures(LETTERS))
    as_of_an_earlier_version(directory)
    return directory


def copied(directory, tmp_path):
    return shutil.copytree(directory, tmp_path / "run")


@pytest.mark.slow
def test_an_old_run_goes_on_as_if_its_order_were_still_ours(
    by_letters, tmp_path, caplog
):
    longer = {"train_steps": 4}
    for name, names in (("then", LETTERS), ("now", NUMBERS)):
        shutil.copytree(by_letters, tmp_path / name)
        train(config(tmp_path / name, **longer), pictures(names))
        assert flags(tmp_path / name)["class_names"] == list(LETTERS)
    assert "DATA HAVE CHANGED" not in caplog.text
    then, now = (
        weights.load(config(tmp_path / n), weights.newest(config(tmp_path / n)))
        for n in ("then", "now")
    )
    for first, second in zip(then.weights, now.weights, strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.slow
def test_numbers_that_an_earlier_version_rewrote(tmp_path, announced):
    old = ("1", "2", "3")
    train(config(tmp_path), pictures(old))
    padded = pictures(("001", "002", "003"))
    with pytest.raises(ValueError, match="THE CLASSES HAVE CHANGED.*001, 002"):
        train(config(tmp_path, train_steps=3), padded)
    as_of_an_earlier_version(tmp_path)
    with announced():
        train(config(tmp_path, train_steps=3), padded)
    assert flags(tmp_path)["class_names"] == list(old)
    assert flags(tmp_path)["class_names_as_written"] is False


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("x", *NUMBERS[1:]), "renamed classes x, and none of 0, in pictures"),
        ((*NUMBERS, "x"), "the new or renamed classes x in pictures"),
    ],
)
def test_classes_that_were_renamed_or_added(
    by_letters, tmp_path, names, message
):
    run = copied(by_letters, tmp_path)
    with pytest.raises(
        ValueError, match=f"THE CLASSES HAVE CHANGED.*{message}"
    ):
        train(config(run, train_steps=3), pictures(names))


def test_classes_that_are_gone_leave_their_numbers(
    by_letters, tmp_path, caplog
):
    source = class_numbers.number_as_before(
        config(by_letters), pictures(NUMBERS[:11])
    )
    assert source.class_names == LETTERS
    assert set(source.labels) == {LETTERS.index(n) for n in NUMBERS[:11]}
    assert "no image of the classes 11, which the run" in caplog.text


def test_without_a_checkpoint_the_run_begins_anew(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "flags.json").write_text('{"class_names": ["a", "b"]}')
    source = pictures(("c", "d"))
    assert class_numbers.number_as_before(config(run), source) is source


def test_a_student_has_its_teachers_numbers(by_letters, tmp_path, announced):
    options = {
        "train_mode": "distill",
        "teacher": str(by_letters),
        "labels_per_class": 0,
    }
    some = config(tmp_path, **options)
    for names in (NUMBERS, NUMBERS[2:]):
        source = class_numbers.number_as_before(some, pictures(names))
        assert source.class_names == LETTERS
        given = [name for name in sorted(names) for _ in range(4)]
        assert [LETTERS[label] for label in source.labels] == given
    with pytest.raises(ValueError, match="The teacher and the data.*: x in"):
        class_numbers.number_as_before(some, pictures(("x", "1")))
    with announced():
        train(some, pictures(NUMBERS[2:]))
    assert flags(tmp_path)["class_names"] == list(LETTERS)


def test_a_student_that_an_earlier_version_numbered_otherwise(
    by_letters, tmp_path, caplog
):
    run = copied(by_letters, tmp_path)
    values = {**flags(run), "class_names": list(NUMBERS)}
    (run / "flags.json").write_text(json.dumps(values))
    options = {"train_mode": "distill", "teacher": str(by_letters)}
    source = class_numbers.number_as_before(
        config(run, **options), pictures(NUMBERS)
    )
    assert source.class_names == NUMBERS
    assert "THE TEACHER NUMBERS ITS CLASSES OTHERWISE" in caplog.text


def test_a_checkpoint_with_the_same_classes(by_letters, tmp_path, caplog):
    further = config(tmp_path, checkpoint=str(by_letters))
    source = class_numbers.number_as_before(further, pictures(NUMBERS))
    assert source.class_names == LETTERS
    assert not caplog.text
    other = pictures(tuple("abcdefghijkl"))
    assert class_numbers.number_as_before(further, other) is other
    assert "knows other classes, 0, 1, 10" in caplog.text


def test_labels_chosen_are_those_of_the_earlier_version(by_letters):
    from simclrv2_tf.runs.inputs import choose_labels

    flags_ = config(by_letters)
    numbered = class_numbers.number_as_before(flags_, pictures(NUMBERS))
    now = choose_labels(flags_, numbered)
    then = choose_labels(flags_, pictures(LETTERS))
    np.testing.assert_array_equal(now.labels, then.labels)
    np.testing.assert_array_equal(now.storage.array, then.storage.array)


def seen(config_, names):
    """Images that a run on pictures of classes in this order is given."""
    source, classes = open_data(config_, pictures(names), None)
    kept = source.storage.array[source.labels >= 0]
    return kept, classes.get(inputs.DRAWN_AS)


@pytest.fixture(scope="module")
def from_letters(by_letters, tmp_path_factory):
    """A run from those weights on data that number their classes anew."""
    directory = tmp_path_factory.mktemp("runs") / "new"
    train(config(directory, checkpoint=str(by_letters)), pictures(NUMBERS))
    return directory


def test_labels_are_drawn_alike_whatever_the_weights(by_letters, tmp_path):
    alone, _ = seen(config(tmp_path), NUMBERS)
    for stage in ("pretrain", "finetune"):
        options = {"train_mode": stage, "checkpoint": str(by_letters)}
        same, drawn_as = seen(config(tmp_path, **options), NUMBERS)
        np.testing.assert_array_equal(same, alone)
        assert drawn_as == [NUMBERS.index(name) for name in LETTERS]


def test_a_run_goes_on_with_the_labels_that_it_drew(
    by_letters, from_letters, tmp_path
):
    drawn, _ = seen(config(tmp_path), NUMBERS)
    weights_ = {"checkpoint": str(by_letters)}
    for names in (NUMBERS, LETTERS):
        again, drawn_as = seen(config(from_letters, **weights_), names)
        np.testing.assert_array_equal(again, drawn)
        assert drawn_as == flags(from_letters)[inputs.DRAWN_AS]
    run = copied(from_letters, tmp_path)
    as_of_an_earlier_version(run)
    before, drawn_as = seen(config(run, **weights_), NUMBERS)
    np.testing.assert_array_equal(before, seen(config(by_letters), LETTERS)[0])
    assert drawn_as is None and not np.array_equal(before, drawn)


def test_a_student_has_the_labels_that_its_teacher_drew(
    by_letters, from_letters, tmp_path
):
    for teacher in (by_letters, from_letters):
        drawn, drawn_as = seen(config(teacher), NUMBERS)
        options = {"train_mode": "distill", "teacher": str(teacher)}
        same = seen(config(tmp_path, **options), NUMBERS)
        np.testing.assert_array_equal(same[0], drawn)
        assert same[1] == drawn_as


def test_a_class_without_an_example_has_the_number_that_is_left():
    data = pictures(("a", "b"))
    wider = dataclasses.replace(
        data, labels=2 - data.labels, class_names=("x", "b", "a")
    )
    assert class_numbers._numbers_in(data, wider) == [2, 1, 0]


def test_what_a_run_says_of_its_classes(tmp_path):
    source = sources.open_digits()
    named = class_numbers.names_of_run(config(tmp_path), source, source)
    assert named["class_names"] == tuple(map(str, range(10)))
    assert named["class_names_as_written"] is True
    assert inputs.DRAWN_AS not in named


@pytest.fixture
def with_gaps(tmp_path):
    """A source with the labels 1, 3, 5, 7 and 9 of a file."""
    images = np.random.default_rng(0).integers(0, 255, (20, 8, 8, 3), np.uint8)
    labels = np.arange(20) % 5 * 2 + 1
    np.savez(tmp_path / "odd.npz", images=images, labels=labels)
    return sources.open_source(f"npz:{tmp_path}/odd.npz")


def test_a_new_classifier_of_numbers_with_gaps(with_gaps, tmp_path):
    new = config(tmp_path)
    message = "The class 2 has no example in npz:.*, while the largest label"
    for some in (new, dataclasses.replace(new, checkpoint=str(tmp_path))):
        with pytest.raises(ValueError, match=message):
            open_data(some, with_gaps, None)
    pretraining = config(tmp_path, train_mode="pretrain", labels_per_class=0)
    assert open_data(pretraining, with_gaps, None)[0].num_classes == 5


def test_a_student_of_teachers_that_know_no_names(
    with_gaps, tmp_path, monkeypatch
):
    options = {"train_mode": "distill", "teacher": str(tmp_path)}
    monkeypatch.setattr(class_numbers, "_named_teachers", lambda _: {})
    with pytest.raises(ValueError, match="The class 2 has no example in npz:"):
        class_numbers.number_as_before(config(tmp_path, **options), with_gaps)


def test_numbers_with_gaps_that_a_run_or_a_teacher_knows(
    by_letters, with_gaps, tmp_path
):
    options = {"train_mode": "distill", "teacher": str(by_letters)}
    for some in (config(by_letters), config(tmp_path, **options)):
        source = class_numbers.number_as_before(some, with_gaps)
        assert source.class_names == LETTERS
        names = [LETTERS[label] for label in source.labels]
        assert names == list("13579") * 4
