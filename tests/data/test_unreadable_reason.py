"""Why an image cannot be read, in the words of its decoder."""

import numpy as np
import pytest
import tensorflow as tf
from data_files import encoded

from simclrv2_tf.data import pipeline
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.data.unreadable import UnreadableImages
from tests.data.decode.test_rgb import jpeg_of_size
from tests.data.decode.test_rgb import png_of_size

PNG = encoded(np.ones((8, 9, 3), np.uint8), "PNG")
SIDES = "1 to 100000000 pixels. Received, as height and width: 20000 20000"
REASONS = {
    SIDES: jpeg_of_size(20_000, 20_000),
    f"an image of {SIDES}": png_of_size(20_000, 20_000),
    "1 to 134217728 bytes. Received, in bytes: 134217729": bytes(2**27 + 1),
    "8 or 16 bits a channel. Received: 32 bits (TIFF)": encoded(
        np.zeros((4, 4), np.float32), "TIFF"
    ),
    "Invalid PNG data, size 60": PNG[:60],
    "(cannot identify image file)": b"<html>404</html>",
}


def source_of(*images, **options):
    labels = np.full(len(images), -1, np.int32)
    storage = Encoded(np.array(images, object))
    return Source("a test", labels, storage, **options)


def reason(source, number=0):
    with pytest.raises(ValueError, match="so far: 1 of ") as raised:
        UnreadableImages(source, 0.0).report([number])
    return str(raised.value)


@pytest.mark.parametrize("words", REASONS)
def test_the_decoder_s_sentence_is_shown(words):
    message = reason(source_of(REASONS[words]))
    assert " is none, or is damaged, or beyond what is read: rem" in message
    assert "mend it, or convert it. The decoder says: " in message
    assert f"{words}. Unreadable so far: " in message


def test_another_shape_than_the_data_set_names():
    message = reason(source_of(PNG, shape=(9, 8, 3)))
    assert "[8,9,3] is not compatible with expected shape [9,8,3]" in message


def test_what_can_be_read_after_all():
    assert "or convert it. Unreadable so far" in reason(source_of(PNG))


def test_many_threads_that_report_do_not_wait_for_each_other():
    """The decoder runs where every thread of the pool waits for its lock."""
    source = source_of(*[REASONS[SIDES]] * 64)
    unreadable = UnreadableImages(source, 0.0)
    dataset = pipeline.eval_dataset(source, 64, 8, unreadable=unreadable)
    with (
        pytest.raises(ValueError, match="height and width: 20000 20000"),
        unreadable.explained(),
    ):
        list(dataset.prefetch(tf.data.AUTOTUNE))
