"""Images found in TFRecord files, against parsing the records whole."""

import collections
import gzip
import pathlib

import numpy as np
import pytest
from data_files import write_records

from simclrv2_tf.data.sources import records

Part = collections.namedtuple("Part", "filename skip take")
RNG = np.random.default_rng(0)
IMAGES = [RNG.bytes(size) for size in (1, 127, 128, 300, 20_000, 70_000)]
LABELS = [0, 127, 128, 2**31 - 1, -1, 5]


@pytest.fixture
def path(tmp_path):
    rows = [
        {"label": label, "name": b"x", "image": image, "weight": 0.5}
        for image, label in zip(IMAGES, LABELS, strict=True)
    ]
    return write_records(tmp_path / "a", rows)


def test_images_and_labels_are_those_written(path):
    ranges, labels = records.index_records(
        [Part(path, 0, -1)], "image", "label"
    )
    assert [ranges.read(i) for i in range(len(IMAGES))] == IMAGES
    assert labels == ["" if v == -1 else str(v) for v in LABELS]


def test_parts_of_files_in_their_order(path):
    parts = [Part(path, 4, 2), Part(path, 1, 1), Part(path, 0, 0)]
    ranges, labels = records.index_records(parts, "image", "label")
    found = [ranges.read(i) for i in range(3)]
    assert found == [IMAGES[4], IMAGES[5], IMAGES[1]]
    assert labels == ["", "5", "127"]
    assert ranges.subset(np.array([2])).read(0) == IMAGES[1]


def test_without_labels(path):
    _, labels = records.index_records([Part(path, 0, -1)], "image")
    assert labels == [""] * len(IMAGES)


def test_read_through_gfile_as_from_a_bucket(path):
    far = f"file://{path}"
    ranges, _ = records.index_records([Part(far, 0, -1)], "image", "label")
    assert ranges.read(3) == IMAGES[3]


@pytest.mark.parametrize("missing", [1, 5, 70_000])
def test_a_file_cut_short_is_named(path, tmp_path, missing):
    with open(path, "rb") as file:
        data = file.read()
    short = tmp_path / "short"
    short.write_bytes(data[: len(data) - missing])
    with pytest.raises(ValueError, match="short' ends within its record 5"):
        records.index_records([Part(str(short), 0, -1)], "image")


def test_a_header_cut_short_is_named(path, tmp_path):
    with open(path, "rb") as file:
        data = file.read()
    (tmp_path / "b").write_bytes(data + data[:7])
    with pytest.raises(ValueError, match="ends within its record 6"):
        records.index_records([Part(str(tmp_path / "b"), 0, -1)], "image")


def test_a_compressed_file_is_called_so(path, tmp_path):
    packed = tmp_path / "a.gz"
    packed.write_bytes(gzip.compress(pathlib.Path(path).read_bytes()))
    with pytest.raises(ValueError, match="is compressed: gunzip it"):
        records.index_records([Part(str(packed), 0, -1)], "image", "label")


def test_a_missing_feature_is_named(path):
    with pytest.raises(ValueError, match="'kind' is missing"):
        records.index_records([Part(path, 0, -1)], "image", "kind")
