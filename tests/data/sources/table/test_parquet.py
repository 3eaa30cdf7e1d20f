"""Parquet files of which some have columns that others lack."""

import re
import threading
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data_files import ENCODED
from data_files import LABELS
from data_files import rows
from data_files import write_parquet

from simclrv2_tf.data import sources
from simclrv2_tf.data.sources.table import parquet
from simclrv2_tf.data.sources.table import parquet_rows
from simclrv2_tf.data.storage import Encoded

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


@pytest.mark.parametrize("limit", [0, 2**29])  # in place, and in memory
def test_a_file_that_is_written_anew_is_read_anew(tmp_path, monkeypatch, limit):
    """The images of the file before stood under the new labels."""
    monkeypatch.setattr(parquet, "MEMORY_LIMIT", limit)
    for which in (FIRST, SECOND):
        write(tmp_path / "a.parquet", which)
        source = opened(tmp_path)
        number = source.num_examples
        images = [source.encoded_bytes(index) for index in range(number)]
        assert images == FIVE[which]


def test_images_in_memory_are_not_kept_twice(tmp_path):
    write(tmp_path / "a.parquet", FIRST)
    opened(tmp_path)
    assert not parquet_rows._group.cache_info().currsize


def test_a_file_that_has_become_shorter(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "MEMORY_LIMIT", 0)
    path = write(tmp_path / "a.parquet", SECOND)
    source = opened(tmp_path)
    write(tmp_path / "a.parquet", FIRST)
    message = f"{path!r} must hold the row 2 of group 0, .* a shorter file"
    with pytest.raises(ValueError, match=message):
        source.encoded_bytes(2)


@pytest.mark.parametrize("limit", [0, 2**29])
def test_a_column_whose_name_holds_a_dot(tmp_path, monkeypatch, limit):
    """It counted as empty, and whatever its size was read into memory."""
    monkeypatch.setattr(parquet, "MEMORY_LIMIT", limit)
    columns = {"image.bytes": FIVE, "label": LABELS[:5]}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    source = opened(tmp_path, image_feature="image.bytes")
    assert isinstance(source.storage, Encoded if limit else parquet.Rows)
    assert [source.encoded_bytes(index) for index in range(5)] == FIVE


def test_images_that_are_fields_of_a_column_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "MEMORY_LIMIT", 0)
    cells = [{"bytes": image, "path": "x"} for image in FIVE]
    columns = {"image": cells, "images": [b""] * 5}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    assert isinstance(opened(tmp_path).storage, parquet.Rows)


@pytest.fixture
def five_groups(tmp_path, monkeypatch):
    """Images read in place, each in a group of rows of its own."""
    monkeypatch.setattr(parquet, "MEMORY_LIMIT", 0)
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"image": FIVE}), path, row_group_size=1)
    return opened(tmp_path)


def read_by_threads(source, indices):
    """What a thread each gives for the indices, in any order."""
    images = []
    threads = [
        threading.Thread(
            target=lambda index: images.append(source.encoded_bytes(index)),
            args=[index],
        )
        for index in indices
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return images


def test_threads_that_want_one_group_read_it_once(five_groups, monkeypatch):
    """Threads that miss a group each had one in memory, however many."""
    calls = []

    def guarded(*_):
        calls.append(None)
        time.sleep(0.05)
        return pa.array([ENCODED[0]])

    monkeypatch.setattr(parquet_rows, "guarded", guarded)
    assert read_by_threads(five_groups, [3] * 5) == [ENCODED[0]] * 5
    assert len(calls) == 1


def test_few_groups_are_read_at_once(five_groups, monkeypatch):
    """Neither one after another, nor all of them."""
    at_once, most = [], []
    four = threading.Barrier(4)

    def guarded(*_):
        at_once.append(None)
        most.append(len(at_once))
        if len(most) <= 4:
            four.wait(5)  # raises if the others may not read beside it
            time.sleep(0.05)
        at_once.pop()
        return pa.array([ENCODED[0]])

    monkeypatch.setattr(parquet_rows, "guarded", guarded)
    assert len(read_by_threads(five_groups, range(5))) == 5
    assert max(most) == 4


def test_a_group_that_is_read_as_groups_are_let_go(five_groups, monkeypatch):
    """A slow thread of before gives what it read to nobody else."""
    monkeypatch.setattr(
        parquet_rows,
        "guarded",
        lambda *_: parquet_rows.forget_groups() or pa.array([b"old"]),
    )
    assert five_groups.encoded_bytes(0) == b"old"
    monkeypatch.undo()
    assert five_groups.encoded_bytes(0) == FIVE[0]
