"""What elements of a `tf.data.Dataset` may be, and what is said of others."""

import numpy as np
import pytest
import tensorflow as tf
from data_files import LABELS
from data_files import PIXELS
from data_files import slices

from simclrv2_tf.data import sources
from simclrv2_tf.data.sources.array.image_label_pairs import image_label_pairs


def rows(**columns):
    return tf.data.Dataset.from_tensor_slices(columns)


def of_unknown_shape(images):
    return tf.data.Dataset.from_generator(lambda: images, output_types=tf.uint8)


FIRST = PIXELS.transpose(0, 3, 1, 2)
FORMS = {
    "images": (tf.data.Dataset.from_tensor_slices(PIXELS), False),
    "one in a tuple": (slices(PIXELS), False),
    "pairs": (slices(PIXELS, LABELS), True),
    "weights": (slices(PIXELS, LABELS, np.ones(12)), True),
    "dictionaries": (rows(image=PIXELS, label=LABELS, other=LABELS), True),
    "without labels": (rows(image=PIXELS, number=LABELS), False),
    "of unknown shape": (of_unknown_shape(PIXELS), False),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms(form):
    dataset, labelled = FORMS[form]
    images, labels = zip(
        *image_label_pairs(dataset).as_numpy_iterator(), strict=True
    )
    np.testing.assert_array_equal(images, PIXELS)
    expected = LABELS if labelled else np.full(12, -1)
    np.testing.assert_array_equal(labels, expected)


def test_weights_are_said_not_to_be_used(caplog):
    image_label_pairs(FORMS["pairs"][0])
    assert not caplog.text
    image_label_pairs(FORMS["weights"][0])
    assert "have 3 parts" in caplog.text and "weights, are not" in caplog.text


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (slices(PIXELS, LABELS).batch(4), "unbatched.*give dataset.unbatch"),
        (slices(PIXELS[..., 0], LABELS), "unbatched.*grey images have one"),
        (of_unknown_shape(PIXELS[..., 0]), "unbatched.*grey images have one"),
        (slices(["a.png"], [1]), r"shapes \(\) and \(\); decode files"),
        (slices(FIRST, LABELS), r"channels last, \(height.*to \(1, 2, 0\)"),
        (of_unknown_shape(FIRST), "must have the channels last"),
        (
            rows(x=PIXELS, y=LABELS),
            r"\"label\". Received: x, y; .*row: \(row\['x'\], row\['y'\]\)",
        ),
        (
            rows(image=PIXELS, labels=LABELS),
            r"Received: image, labels; .*\(row\['image'\], row\['labels'\]\)",
        ),
        (rows(image=PIXELS, **{"class": LABELS}), "Received: image, class"),
        (slices({"image": PIXELS}, LABELS), "must be images, .image, label"),
        (slices((PIXELS, PIXELS), LABELS), "must be images, .image, label"),
    ],
)
def test_other_forms_are_a_sentence(dataset, message):
    with pytest.raises(ValueError, match=message) as raised:
        sources.from_dataset(dataset)
    assert "\n" not in str(raised.value)
