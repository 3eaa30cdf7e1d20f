"""Images found in TFRecord files, against parsing the records whole."""

import collections
import gzip
import pathlib

import numpy as np
import pytest
from data_files import flip_bit
from data_files import write_records

from simclrv2_tf.data.sources.record import records

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
    ranges, labels, *_ = records.index_records(
        [Part(path, 0, -1)], "image", "label"
    )
    assert [ranges.read(i) for i in range(len(IMAGES))] == IMAGES
    assert labels == ["" if v == -1 else str(v) for v in LABELS]


def test_parts_of_files_in_their_order(path):
    parts = [Part(path, 4, 2), Part(path, 1, 1), Part(path, 0, 0)]
    ranges, labels, *_ = records.index_records(parts, "image", "label")
    images = [ranges.read(i) for i in range(3)]
    assert images == [IMAGES[4], IMAGES[5], IMAGES[1]]
    assert labels == ["", "5", "127"]
    assert ranges.subset(np.array([2])).read(0) == IMAGES[1]


def test_without_labels(path):
    _, labels, *_ = records.index_records([Part(path, 0, -1)], "image")
    assert labels == [""] * len(IMAGES)


def test_read_through_gfile_as_from_a_bucket(path):
    far = f"file://{path}"
    ranges, *_ = records.index_records([Part(far, 0, -1)], "image", "label")
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
    with pytest.raises(ValueError, match="'photo' is missing"):
        records.index_records([Part(path, 0, -1)], "photo", "kind")
    content = records.index_records([Part(path, 0, -1)], "image", "kind")
    assert content.labels == [""] * len(LABELS)
    assert "'kind' is missing" in content.missing_label.message


def test_a_record_without_the_label_of_others(path, tmp_path, caplog):
    bare = write_records(tmp_path / "b", [{"image": b"x", "name": b"y"}])
    parts = [Part(bare, 0, -1), Part(path, 0, 2)]
    content = records.index_records(parts, "image", "label")
    assert content.labels == ["", "0", "127"]
    assert (
        f"1 of 3 records, the first is the record 0 of the file {bare!r}"
        in (caplog.text)
    )


@pytest.mark.parametrize("number", [0, 3, 5])
@pytest.mark.parametrize("part", ["image", "name", "label", "checksum"])
def test_a_record_unlike_its_checksum_cannot_be_read(path, number, part):
    flip_bit(path, list(places(path))[number][part])
    content = records.index_records([Part(path, 0, -1)], "image", "label")
    images = [b"" if i == number else v for i, v in enumerate(IMAGES)]
    assert content.storage.read_all(np.arange(len(IMAGES))).tolist() == images
    with pytest.raises(ValueError, match="not match its checksum: copy"):
        content.storage.read(number)
    labels = ["" if v == -1 else str(v) for v in LABELS]
    labels[number] = ""
    assert content.labels == labels
    assert content.notes == (
        "unreadable: 1 record does not match the checksum, the first is "
        f"record {number} of the file {path!r}",
    )


def places(path):
    """For each record a byte of each of its parts."""
    data, begin = pathlib.Path(path).read_bytes(), 0
    for image in IMAGES:
        length = int.from_bytes(data[begin : begin + 8], "little")
        end = begin + 12 + length
        spans = {
            "image": data.index(image, begin) + len(image) - 1,
            "name": data.index(b"image", begin),
            "label": data.index(b"label", begin) + 11,
            "checksum": end,
        }
        yield spans
        begin = end + 4


def test_several_damaged_records_in_a_part_of_a_file(path):
    rows = list(places(path))
    for number in (1, 2, 5):
        flip_bit(path, rows[number]["image"])
    content = records.index_records([Part(path, 1, 3)], "image", "label")
    images = content.storage.read_all(np.arange(3)).tolist()
    assert images == [b"", b"", IMAGES[3]]
    assert content.labels == ["", "", str(LABELS[3])]
    assert "2 records do not match" in content.notes[0]
    sound = records.index_records([Part(path, 3, 2)], "image", "label")
    assert not sound.notes


@pytest.mark.parametrize("byte", range(8))
def test_a_damaged_length_is_named(path, byte):
    flip_bit(path, byte)
    with pytest.raises(ValueError, match="a' ends within its record [01]: it"):
        records.index_records([Part(path, 0, -1)], "image", "label")


def test_features_are_those_of_the_first_whole_record(path):
    sound = records.first_features(path)
    flip_bit(path, next(places(path))["name"])
    assert records.first_features(path) == sound
