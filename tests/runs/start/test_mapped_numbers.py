"""Numbers of a label map where a run meets a teacher, a start or itself."""

import dataclasses
import json
import pathlib

import keras
import numpy as np
import pytest

from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.config import Config
from simclrv2_tf.data.class_match import MAPPED_NAMES
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.inference.evaluation.validation import numbered_as
from simclrv2_tf.runs import weights_order
from simclrv2_tf.runs.start import class_numbers

DIGITS = ("0", "1", "2")
BACKWARDS = DIGITS[::-1]  # as a map of 0,2 and 1,1 and 2,0 names the classes
WORDS = ("zero", "one", "two")


def mapped(names=BACKWARDS):
    """Three images of the classes 0, 1 and 2, by a label map of numbers."""
    images = InMemory(np.zeros((3, 8, 8, 3), np.uint8))
    labels = np.arange(3, dtype=np.int32)
    return Source("pictures", labels, images, names, numbered=True)


def write_run(directory, names, **flags):
    """A run that knows its classes, as far as these are looked at."""
    scale = {"base_model/scale": keras.Variable([1.0])}
    run_directory.save(str(directory), 4, scale)
    held = {"class_names": names, "class_names_as_written": True, **flags}
    (directory / "flags.json").write_text(json.dumps(held))
    return str(directory)


def student(tmp_path):
    return Config(
        train_mode="distill",
        teacher=write_run(tmp_path / "teacher", DIGITS),
        model_dir=str(tmp_path / "student"),
    )


def begun(config, data):
    """The source that a new run trains on; its directory is written."""
    source = class_numbers.number_as_before(config, data)
    flags = class_numbers.names_of_run(config, source, data)
    path = write_run(
        pathlib.Path(config.model_dir), flags.pop("class_names"), **flags
    )
    return source, path


@pytest.mark.parametrize("names", [BACKWARDS, WORDS])
def test_a_student_has_them_and_goes_on_with_them(tmp_path, names):
    config, data = student(tmp_path), mapped(names)
    source, path = begun(config, data)
    assert source.labels.tolist() == [0, 1, 2]
    assert source.class_names == DIGITS
    again = class_numbers.number_as_before(config, data)
    assert again.labels.tolist() == [0, 1, 2]
    assert again.class_names == DIGITS
    flags = class_numbers.names_of_run(config, again, data)
    assert flags["class_names_as_written"]
    assert flags[MAPPED_NAMES] == list(names)
    judged = numbered_as(flags, data)
    assert judged.labels.tolist() == [0, 1, 2]
    judged = weights_order.renumbered(path, data, "The run")
    assert judged.labels.tolist() == [0, 1, 2]


def test_a_student_of_an_earlier_version_goes_on_by_name(tmp_path):
    config, data = student(tmp_path), mapped()
    path = write_run(pathlib.Path(config.model_dir), DIGITS, label_map="m.csv")
    source = class_numbers.number_as_before(config, data)
    assert source.labels.tolist() == [2, 1, 0]
    flags = class_numbers.names_of_run(config, source, data)
    assert MAPPED_NAMES not in flags
    for judged in (
        numbered_as(flags, data),
        weights_order.renumbered(path, data, "The run"),
        weights_order.in_order_of(path, data),
        weights_order.named_as(path, data),
    ):
        assert judged.labels.tolist() == [2, 1, 0]
    words = weights_order.renumbered(path, mapped(WORDS), "The run")
    assert words.labels.tolist() == [0, 1, 2]  # an error in its version


def test_a_new_student_of_an_earlier_teacher_is_by_name_throughout(tmp_path):
    config, data = student(tmp_path), mapped()
    write_run(tmp_path / "teacher", DIGITS, label_map="m.csv")
    config = dataclasses.replace(config, label_map="m.csv")
    source, path = begun(config, data)
    assert source.labels.tolist() == [2, 1, 0]
    flags = json.loads((tmp_path / "student" / "flags.json").read_text())
    assert MAPPED_NAMES not in flags
    flags["label_map"] = "m.csv"  # as a run writes all of its options
    (tmp_path / "student" / "flags.json").write_text(json.dumps(flags))
    for judged in (
        class_numbers.number_as_before(config, data),
        numbered_as(flags, data),
        weights_order.renumbered(path, data, "The run"),
    ):
        assert judged.labels.tolist() == [2, 1, 0]


def test_another_map_than_the_run_began_with_is_refused(tmp_path):
    config = student(tmp_path)
    begun(config, mapped(WORDS))
    other = mapped(("nil", "one", "two"))
    with pytest.raises(ValueError, match="THE CLASSES HAVE CHANGED.* nil, one"):
        class_numbers.number_as_before(config, other)


def test_a_run_from_weights_keeps_the_names_of_its_map(tmp_path):
    config = Config(
        train_mode="finetune",
        checkpoint=write_run(tmp_path / "start", DIGITS),
        model_dir=str(tmp_path / "run"),
    )
    source, path = begun(config, mapped())
    assert source.labels.tolist() == [0, 1, 2]
    assert source.class_names == BACKWARDS
    assert weights_order.renumbered(path, mapped(), "The run").labels[0] == 0
    words = dataclasses.replace(config, model_dir=str(tmp_path / "other"))
    known = mapped(("cat", "bee", "ant"))
    start = write_run(tmp_path / "words", ("ant", "bee", "cat"))
    words = dataclasses.replace(words, checkpoint=start)
    source, _ = begun(words, known)  # as earlier versions took them
    assert source.labels.tolist() == [2, 1, 0]


def test_labels_have_the_networks_names_in_predictions(tmp_path):
    run = write_run(tmp_path / "run", DIGITS)
    for names in (BACKWARDS, WORDS):
        data = weights_order.named_as(run, mapped(names))
        assert data.labels.tolist() == [0, 1, 2]
        assert data.class_names == DIGITS
        assert (
            weights_order.in_order_of(run, mapped(names)).class_names == names
        )
    few = write_run(tmp_path / "few", ("a", "b"))
    assert weights_order.named_as(few, mapped()).class_names == BACKWARDS
