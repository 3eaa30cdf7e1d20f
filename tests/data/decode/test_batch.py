"""Batches decoded at once: the same pixels, or handed on as a whole."""

import data_files
import numpy as np
import pytest
import tensorflow as tf

from simclrv2_tf.data.decode.batch import decode_batch
from simclrv2_tf.data.decode.rgb import decode_image
from simclrv2_tf.data.storage import ByteRanges
from simclrv2_tf.data.storage import PythonReads

RNG = np.random.default_rng(0)
SHAPE = (5, 7, 3)


def encoded(kind="PNG", mode="RGB", size=SHAPE):
    pixels = RNG.integers(0, 256, size, np.uint8)
    return data_files.encoded(pixels, kind, mode)


def deep():
    pixels = RNG.integers(0, 2**16, SHAPE).astype(np.uint16)
    return tf.io.encode_png(pixels).numpy()


def decoded(images):
    done, pixels = tf.function(lambda e: decode_batch(e, SHAPE))(
        tf.constant(np.array(images, object))
    )
    return bool(done), pixels.numpy()


@pytest.mark.parametrize(
    "batch", [1, 16, pytest.param(19, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize(
    "kind,modes",
    [("PNG", ["RGB", "L", "RGBA", "P", "1"]), ("JPEG", ["RGB", "L", "CMYK"])],
)
def test_a_batch_is_what_its_images_are(batch, kind, modes):
    images = [encoded(kind, modes[i % len(modes)]) for i in range(batch)]
    done, pixels = decoded(images)
    assert done
    np.testing.assert_array_equal(pixels, [decode_image(i) for i in images])


@pytest.mark.parametrize(
    "other",
    [
        encoded("JPEG"),
        encoded(size=(7, 5, 3)),
        encoded(size=(5, 8, 3)),
        deep(),
        encoded()[:-30],
        encoded()[:20],
        b"",
    ],
    ids=["JPEG", "turned", "wider", "16 bits", "cut", "header", "nothing"],
)
@pytest.mark.parametrize("place", [0, 17])
def test_one_other_image_leaves_the_batch_to_others(other, place):
    images = [encoded() for _ in range(20)]
    images[place] = other
    assert not decoded(images)[0]


@pytest.mark.parametrize(
    "other",
    [
        encoded(),
        encoded("JPEG", size=(7, 5, 3)),
        encoded("JPEG", size=(5, 8, 3)),
        encoded("JPEG")[:-300],
        encoded("JPEG")[:4],
    ],
    ids=["PNG", "turned", "wider", "cut", "header"],
)
def test_one_other_image_among_jpegs(other):
    images = [encoded("JPEG") for _ in range(20)]
    images[17] = other
    assert not decoded(images)[0]


def test_many_are_read_as_one_by_one(tmp_path):
    files = []
    for name in "ab":
        files.append(str(tmp_path / name))
        (tmp_path / name).write_bytes(name.encode() * 10)
    rows = [(0, 0, 3), (1, 4, 2), (0, 9, 1), (1, 0, 10)]
    ranges = ByteRanges.of_rows(files, rows)
    order = np.array([3, 0, 2, 1, 0])
    expected = [ranges.read(i) for i in order]
    assert ranges.read_all(order).tolist() == expected
    assert PythonReads.read_all(ranges, order).tolist() == expected


def test_what_cannot_be_read_is_empty(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    files = [str(tmp_path / "a"), str(tmp_path / "gone")]
    ranges = ByteRanges.of_rows(files, [(0, 1, 2), (1, 0, 3)])
    for read_all in (ranges.read_all, PythonReads.read_all.__get__(ranges)):
        assert read_all(np.array([1, 0])).tolist() == [b"", b"bc"]
