"""Parquet files of which some have columns that others lack."""

import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data_files import ENCODED
from data_files import LABELS
from data_files import rows
from data_files import write_parquet

from simclrv2_tf.data import sources
from simclrv2_tf.data.sources.table import parquet

FIVE = ENCODED[:5]
FIRST, SECOND = slice(0, 2), slice(2, 5)


def write(path, which, **columns):
    """Images, and columns of which the same rows are taken."""
    table = {"image": FIVE, **columns}
    table = {name: values[which] for name, values in table.items()}
    pq.write_table(pa.table(table), path)
    return str(path)


def opened(folder, **options):
    return sources.open_source(f"parquet:{folder}", **options)


@pytest.mark.parametrize("limit", [0, 2**29])  # in place, and in memory
@pytest.mark.parametrize(
    ("names", "expected"),
    [(("a", "b"), [-1, -1, 2, 0, 1]), (("b", "a"), [2, 0, 1, -1, -1])],
)
def test_a_file_without_labels(
    tmp_path, caplog, monkeypatch, names, expected, limit
):
    """The first of them or a later one."""
    monkeypatch.setattr(parquet, "MEMORY_LIMIT", limit)
    bare, full = (tmp_path / f"{name}.parquet" for name in names)
    write(bare, FIRST)
    write_parquet(full, rows(SECOND))
    source = opened(tmp_path)
    assert source.labels.tolist() == expected
    images = [source.encoded_bytes(index) for index in range(5)]
    both = (FIVE[FIRST], FIVE[SECOND])
    assert images == sum(both if bare < full else both[::-1], [])
    assert (
        "without the column 'label': 1 of 2 files, the first is "
        f"{str(bare)!r}; their images count as unlabelled"
    ) in caplog.messages


def test_a_column_of_labels_that_is_named(tmp_path, caplog):
    write(tmp_path / "a.parquet", SECOND)
    write(tmp_path / "b.parquet", FIRST, kind=LABELS[:5])
    source = opened(tmp_path, label_feature="kind")
    assert source.labels.tolist() == [-1, -1, -1, 0, 1]
    assert "without the column 'kind': 1 of 2 files" in caplog.text


def test_a_column_of_labels_that_no_file_has(tmp_path):
    path = write(tmp_path / "a.parquet", SECOND)
    write(tmp_path / "b.parquet", FIRST, label=LABELS[:5])
    message = f"The file {path!r} must have the column 'lable'. Received: image"
    with pytest.raises(ValueError, match=re.escape(message)):
        opened(tmp_path, label_feature="lable")


def test_the_first_usual_column_holds_the_labels(tmp_path, caplog):
    """Another usual one in later files does not join in."""
    write(tmp_path / "a.parquet", FIRST, cls=LABELS[:5])
    write(tmp_path / "b.parquet", SECOND, label=LABELS[:5])
    assert opened(tmp_path).labels.tolist() == [0, 1, -1, -1, -1]
    assert "without the column 'cls': 1 of 2 files" in caplog.text


def test_nothing_is_said_where_all_or_none_have_labels(tmp_path, caplog):
    for name, columns in (("all", {"label": LABELS[:5]}), ("none", {})):
        (tmp_path / name).mkdir()
        for file, which in (("a", FIRST), ("b", SECOND)):
            write(tmp_path / name / f"{file}.parquet", which, **columns)
        opened(tmp_path / name)
    assert not caplog.messages


@pytest.mark.parametrize("options", [{}, {"image_feature": "image"}])
def test_a_column_of_images_that_a_later_file_lacks(tmp_path, options):
    write(tmp_path / "a.parquet", FIRST)
    path = tmp_path / "b.parquet"
    pq.write_table(pa.table({"photo": FIVE}), path)
    message = (
        f"The file {str(path)!r} must have the column 'image'. Received: photo"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        opened(tmp_path, **options)


def test_a_later_file_without_rows_need_not_have_columns(tmp_path):
    write(tmp_path / "a.parquet", FIRST, label=LABELS[:5])
    pq.write_table(pa.table({"x": []}), tmp_path / "b.parquet")
    assert opened(tmp_path).labels.tolist() == [0, 1]
