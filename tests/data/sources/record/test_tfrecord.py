"""TFRecord files of which some records have labels and some have none."""

import re

import pytest
from data_files import ENCODED
from data_files import flip_bit
from data_files import write_records

from simclrv2_tf.data import sources

FIVE = ENCODED[:5]
FIRST, SECOND = slice(0, 2), slice(2, 5)


def labelled(path, which, feature="label"):
    """Images labelled 0, 1, ..."""
    rows = [{"image": i, feature: n} for n, i in enumerate(FIVE[which])]
    return write_records(path, rows)


def unlabelled(path, which):
    return write_records(path, [{"image": image} for image in FIVE[which]])


def opened(folder, **options):
    return sources.open_source(f"tfrecord:{folder}/*", **options)


def check_images(source):
    assert [source.encoded_bytes(i) for i in range(len(FIVE))] == FIVE


def test_the_first_shard_has_no_labels(tmp_path, caplog):
    path = unlabelled(tmp_path / "a", FIRST)
    labelled(tmp_path / "b", SECOND)
    source = opened(tmp_path)
    assert source.labels.tolist() == [-1, -1, 0, 1, 2]
    check_images(source)
    assert caplog.messages == [
        "without the feature 'label': 2 of 5 records, the first is the record "
        f"0 of the file {path!r}; their images count as unlabelled"
    ]
    opened(tmp_path)
    assert len(caplog.messages) == 1  # it is said once


def test_a_later_shard_has_no_labels(tmp_path, caplog):
    labelled(tmp_path / "a", FIRST)
    path = unlabelled(tmp_path / "b", SECOND)
    source = opened(tmp_path)
    assert source.labels.tolist() == [0, 1, -1, -1, -1]
    check_images(source)
    first = f"the first is the record 0 of the file {path!r}"
    assert f"3 of 5 records, {first}; " in caplog.text


def test_records_without_labels_among_others(tmp_path, caplog):
    """The first one has none either."""
    rows = [{"image": image} for image in FIVE]
    for number, label in ((1, 1), (2, 0), (4, 2)):
        rows[number]["label"] = label
    write_records(tmp_path / "a", rows)
    assert opened(tmp_path).labels.tolist() == [-1, 1, 0, -1, 2]
    assert "2 of 5 records, the first is the record 0" in caplog.text


def test_a_feature_of_labels_that_is_named(tmp_path, caplog):
    unlabelled(tmp_path / "a", SECOND)
    labelled(tmp_path / "b", FIRST, "kind")
    source = opened(tmp_path, label_feature="kind")
    assert source.labels.tolist() == [-1, -1, -1, 0, 1]
    assert "without the feature 'kind': 3 of 5 records" in caplog.text


def test_a_feature_of_labels_that_no_record_has(tmp_path):
    path = unlabelled(tmp_path / "a", FIRST)
    labelled(tmp_path / "b", SECOND)
    message = (
        f"The record 0 of the file {path!r} must have the features 'image' "
        "and 'lable'; 'lable' is missing among image"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        opened(tmp_path, label_feature="lable")


def test_the_first_usual_feature_holds_the_labels(tmp_path, caplog):
    """Another usual one in later files does not join in."""
    labelled(tmp_path / "a", FIRST, "class")
    labelled(tmp_path / "b", SECOND, "label")
    source = opened(tmp_path)
    assert source.labels.tolist() == [0, 1, -1, -1, -1]
    assert "without the feature 'class': 3 of 5 records" in caplog.text


def test_nothing_is_said_where_all_or_none_have_labels(tmp_path, caplog):
    for name, write in (("all", labelled), ("none", unlabelled)):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "a", slice(3))
        opened(tmp_path / name)
    assert not caplog.messages


def test_a_damaged_record_does_not_count(tmp_path, caplog):
    path = labelled(tmp_path / "a", slice(3))
    flip_bit(path, 40)
    source = opened(tmp_path)
    assert source.labels.tolist() == [-1, 0, 1]
    assert "unreadable: 1 record" in source.notes[0]
    assert not caplog.messages


def test_an_image_that_is_missing_is_named(tmp_path):
    write_records(tmp_path / "a", [{"image": FIVE[0]}, {"photo": FIVE[1]}])
    message = "record 1 of .* features 'image'; 'image' is missing among photo"
    with pytest.raises(ValueError, match=message):
        opened(tmp_path)


@pytest.mark.parametrize("name", ["x.tfrecord", "train", "x.TFRECORD"])
def test_shards_of_the_standard_names_in_a_directory(tmp_path, name):
    labelled(tmp_path / f"{name}-00000-of-00002", FIRST)
    labelled(tmp_path / f"{name}-00001-of-00002", SECOND)
    (tmp_path / "dataset_info.json").write_text("{}")
    check_images(sources.open_source(f"tfrecord:{tmp_path}"))


def test_a_directory_without_records(tmp_path):
    (tmp_path / "a.json").write_text("{}")
    message = r"ends in \.tfrecord or \.tfrecords or \.tfrec or \.record: give"
    with pytest.raises(ValueError, match=message):
        sources.open_source(f"tfrecord:{tmp_path}")
