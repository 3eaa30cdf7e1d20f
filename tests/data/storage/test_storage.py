"""What every storage answers: one table, all of them."""

import dataclasses
import pickle

import numpy as np
import pytest
import tensorflow as tf
from data_files import ENCODED
from data_files import PIXELS
from data_files import rows
from data_files import write_parquet

from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources.joined import Joined
from simclrv2_tf.data.sources.table.parquet_rows import Rows
from simclrv2_tf.data.storage import ByteRanges
from simclrv2_tf.data.storage import Decoded
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.data.storage import Files
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.data.storage import Mapped
from simclrv2_tf.data.storage.byte_ranges import DAMAGED

COUNT = 6
OBJECTS = np.array(ENCODED[:COUNT], object)


def make_in_memory(folder):
    return InMemory(PIXELS[:COUNT])


def make_mapped(folder):
    PIXELS[:COUNT].tofile(folder / "pixels")
    return Mapped(
        np.memmap(folder / "pixels", np.uint8, "r", 0, PIXELS[:COUNT].shape)
    )


def make_decoded(folder):
    return Decoded.of_images(list(PIXELS[:COUNT]))


def make_encoded(folder):
    return Encoded(OBJECTS)


def make_files(folder):
    for number, data in enumerate(OBJECTS):
        (folder / f"{number}.png").write_bytes(data)
    return Files(np.array([str(folder / f"{n}.png") for n in range(COUNT)]))


def make_ranges(folder):
    spans, begin = [], 0
    for data in OBJECTS:
        spans.append((0, begin, len(data)))
        begin += len(data)
    (folder / "all").write_bytes(b"".join(OBJECTS))
    return ByteRanges.of_rows([str(folder / "all")], spans)


def make_rows(folder):
    path = write_parquet(folder / "a.parquet", rows()[:COUNT])
    table = [(0, 0, row) for row in range(COUNT)]
    return Rows((str(path or folder / "a.parquet"),), "image", np.array(table))


def make_joined(folder):
    labels = np.zeros(COUNT, np.int32)
    sources = (
        Source("arrays", labels[:2], InMemory(PIXELS[:2])),
        Source("files", labels[2:], make_files(folder).subset(np.arange(2, 6))),
    )
    index = np.array([0, 1, 0, 1, 2, 3])
    return Joined(sources, np.array([0, 0, 1, 1, 1, 1], np.int32), index)


MAKERS = {
    "in memory": make_in_memory,
    "mapped": make_mapped,
    "decoded": make_decoded,
    "encoded": make_encoded,
    "files": make_files,
    "byte ranges": make_ranges,
    "parquet": make_rows,
    "joined": make_joined,
}


@pytest.fixture(params=MAKERS)
def storage(request, tmp_path):
    return MAKERS[request.param](tmp_path)


def pixels_of(image):
    """Pixels of an image as `read` or `fetch` gives it."""
    image = tf.convert_to_tensor(image)
    return tf.io.decode_png(image) if image.dtype == tf.string else image


def test_read_and_fetch_give_the_same_images(storage):
    assert len(storage) == COUNT
    fetch = storage.fetch()
    for index in (0, 3, 5):
        for image in (storage.read(index), fetch(tf.constant(index))):
            np.testing.assert_array_equal(pixels_of(image), PIXELS[index])
        assert isinstance(storage.read(index), bytes) == storage.encoded


def test_a_subset_has_its_own_order_and_survives_a_pickle(storage):
    chosen = np.array([4, 0, 4])
    few = storage.subset(chosen)
    for one in (few, pickle.loads(pickle.dumps(few))):
        assert len(one) == 3
        for row, index in enumerate(chosen):
            np.testing.assert_array_equal(
                pixels_of(one.read(row)), PIXELS[index]
            )
    decoded = isinstance(storage, Decoded)  # which tells nothing by itself
    assert (few.fingerprint() == storage.fingerprint()) == decoded
    assert storage.subset(np.arange(COUNT)).fingerprint() == (
        storage.fingerprint()
    )


def test_many_are_fetched_at_once_within_a_graph(storage):
    if isinstance(storage, Decoded):
        pytest.skip("its images may have many sizes")
    numbers = tf.data.Dataset.from_tensor_slices([5, 1, 1, 0]).batch(
        4, drop_remainder=True
    )
    (images,) = numbers.map(storage.fetch())
    assert images.shape[0] == 4
    for image, index in zip(images, (5, 1, 1, 0), strict=True):
        np.testing.assert_array_equal(pixels_of(image), PIXELS[index])


def test_an_image_says_where_it_comes_from(storage):
    where = storage.where(3, "pets")
    if isinstance(storage, Files):
        assert where == storage.array[3]
    else:
        assert where.startswith("example 3 of pets")


def test_what_cannot_be_read_fails_alone_and_is_empty_in_a_batch(tmp_path):
    for make, gone in ((make_files, "3.png"), (make_ranges, "all")):
        storage = make(tmp_path)
        fetch = tf.function(storage.fetch(), autograph=False)
        (tmp_path / gone).unlink()
        with pytest.raises((OSError, ValueError), match=gone):
            storage.read(3)
        with pytest.raises(tf.errors.OpError, match=f"{tmp_path}/{gone}"):
            fetch(tf.constant(3))
        many = fetch(tf.constant([3, 3])).numpy()
        assert many.tolist() == [b"", b""]


def test_an_image_that_could_not_be_decoded_has_no_pixels():
    storage = Decoded.of_images([PIXELS[0], PIXELS[1][:0], PIXELS[2]])
    np.testing.assert_array_equal(storage.read(2), PIXELS[2])
    with pytest.raises(ValueError, match="image 1 could not be decoded"):
        storage.read(1)
    with pytest.raises(tf.errors.InvalidArgumentError, match="no image"):
        storage.fetch()(1)


def test_ranges_are_read_into_memory_unless_one_is_unreadable(tmp_path):
    ranges = make_ranges(tmp_path)
    encoded = ranges.subset(np.array([4, 1])).in_memory()
    assert isinstance(encoded, Encoded)
    assert encoded.array.tolist() == [OBJECTS[4], OBJECTS[1]]
    damaged = dataclasses.replace(ranges, size=np.array(ranges.size))
    damaged.size[2] = DAMAGED
    assert damaged.in_memory() is damaged
    (tmp_path / "all").unlink()
    assert ranges.in_memory() is ranges
