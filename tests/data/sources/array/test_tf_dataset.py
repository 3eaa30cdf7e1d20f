"""Labels of a `tf.data.Dataset`: the same classes as in files."""

import numpy as np
import pytest
import tensorflow as tf
from data_files import LABELS
from data_files import PIXELS
from data_files import slices

from simclrv2_tf.data import sources


@pytest.mark.parametrize("kind", [int, np.uint8, np.float32, str])
@pytest.mark.parametrize("first", [0, 1])
def test_numbers_begin_at_0_or_1_as_in_an_npz(tmp_path, kind, first):
    labels = (LABELS + first).astype(kind)
    np.savez(tmp_path / "a.npz", images=PIXELS, labels=labels)
    expected = sources.open_source(f"npz:{tmp_path}/a.npz")
    source = sources.from_dataset(slices(PIXELS, labels))
    assert source.class_names == expected.class_names
    assert source.labels.tolist() == expected.labels.tolist()


def test_numbers_may_be_unused():
    """As in a few images that a classifier of more classes is judged by."""
    source = sources.from_dataset(slices(PIXELS[:2], [2, 4]))
    assert source.class_names == ("1", "2", "3", "4")
    assert source.labels.tolist() == [1, 3]


@pytest.mark.parametrize("last", [1_700_000_002, 2**62])
@pytest.mark.parametrize("kind", [np.int64, str])
def test_ids_are_no_numbers_of_classes(kind, last):
    """A name for each number up to the last took all memory."""
    labels = np.array([last - 1, 0, last]).astype(kind)
    message = (
        "must number classes from 0 or 1. Received: 3 different labels in "
        f"the data set given, the largest of them {last}; number the classes"
    )
    with pytest.raises(ValueError, match=message):
        sources.from_dataset(slices(PIXELS[:3], labels))
    names = [f"class {label}" for label in labels]
    assert sources.from_dataset(slices(PIXELS[:3], names)).num_classes == 3


def test_numbers_of_a_large_classifier():
    source = sources.from_dataset(slices(PIXELS[:2], [0, 21_840]))
    assert source.num_classes == 21_841


@pytest.mark.parametrize("kind", [np.int64, np.uint8, str])
def test_labels_of_one_element_each(tmp_path, kind):
    """As keras.datasets.cifar10.load_data gives them, and npz takes them."""
    labels = LABELS[:, None].astype(kind)
    np.savez(tmp_path / "a.npz", images=PIXELS, labels=labels)
    expected = sources.open_source(f"npz:{tmp_path}/a.npz")
    source = sources.from_dataset(slices(PIXELS, labels))
    assert source.class_names == expected.class_names
    assert source.labels.tolist() == expected.labels.tolist() == LABELS.tolist()


def test_labels_of_several_elements_are_refused():
    with pytest.raises(ValueError, match="one for each image"):
        sources.from_dataset(slices(PIXELS, np.eye(3, dtype=int)[LABELS]))


OTHERS = "gives other examples at each pass; shuffle with a seed and"


UNSEEDED = tf.random.Generator.from_non_deterministic_state()


def noisy(image, label):
    noise = UNSEEDED.uniform(image.shape, maxval=256, dtype=tf.int32)
    return tf.cast(noise, tf.uint8), label


@pytest.mark.parametrize(
    "dataset",
    [
        slices(PIXELS, LABELS).shuffle(100),
        slices(PIXELS, LABELS).shuffle(100, seed=3),  # another at each pass
        slices(PIXELS, LABELS).map(noisy),
        slices(PIXELS, LABELS).batch(2).shuffle(100).unbatch(),
    ],
)
def test_other_examples_at_each_pass_are_told(dataset, caplog):
    """Stages set other images aside, and a killed job did not go on."""
    with pytest.raises(ValueError, match=OTHERS):
        sources.from_dataset(dataset, drawn=True)
    assert not caplog.records
    assert sources.from_dataset(dataset).num_examples == 12
    assert OTHERS in caplog.text


def generated(function):
    specs = tf.TensorSpec((9, 7, 3), tf.uint8), tf.TensorSpec((), tf.int64)
    return tf.data.Dataset.from_generator(function, output_signature=specs)


def test_an_order_that_stays_is_taken():
    fixed = {"seed": 3, "reshuffle_each_iteration": False}
    dataset = slices(PIXELS, LABELS).shuffle(100, **fixed)
    expected = [label for _, label in dataset.as_numpy_iterator()]
    assert expected != LABELS.tolist()
    assert sources.from_dataset(dataset, drawn=True).labels.tolist() == expected
    kept = slices(PIXELS, LABELS).shuffle(100).cache()
    assert sources.from_dataset(kept, drawn=True).num_examples == 12


def test_what_ends_after_one_pass_is_taken():
    once = zip(PIXELS, LABELS, strict=True)
    source = sources.from_dataset(generated(lambda: once), drawn=True)
    assert source.labels.tolist() == LABELS.tolist()


def test_what_fails_at_another_pass_is_taken():
    passes = iter([zip(PIXELS, LABELS, strict=True)])
    source = sources.from_dataset(generated(lambda: next(passes)))
    assert source.labels.tolist() == LABELS.tolist()
