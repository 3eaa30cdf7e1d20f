"""A shard's images are read as they are stored, and written in its order."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from data_files import ENCODED
from data_files import write_members

from simclrv2_tf.data import sources
from simclrv2_tf.data.prepare import recipe
from simclrv2_tf.data.prepare import shards
from simclrv2_tf.data.sources.table import parquet
from simclrv2_tf.data.sources.table import parquet_rows

COUNT = 12
ORDER = np.random.default_rng(0).permutation(COUNT)
PLAIN = recipe.ImageEncoding(image_format="png")


def images_of(path):
    records = tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    messages = [tf.train.Example.FromString(record) for record in records]
    return [m.features.feature["image"].bytes_list.value[0] for m in messages]


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Images in four groups of rows, read in place; one is cut off."""
    monkeypatch.setattr(parquet, "MEMORY_LIMIT", 0)
    images = [*ENCODED[:COUNT]]
    images[5] = images[5][:60]
    table = pa.table({"image": images})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=3)
    return sources.open_source(f"parquet:{tmp_path}/a.parquet")


def test_each_group_of_rows_is_read_once(source, tmp_path, monkeypatch):
    groups = []

    def counted(path, function, *arguments):
        groups.append(path)
        return guarded(path, function, *arguments)

    guarded = parquet_rows.guarded
    monkeypatch.setattr(parquet_rows, "guarded", counted)
    parquet_rows._group.cache_clear()
    note = recipe.write_shard(source.subset(ORDER), str(tmp_path / "x"), PLAIN)
    assert len(groups) == 4
    assert note["examples"] == COUNT - 1


@pytest.mark.parametrize("ahead", [0, 400, 2**28])
def test_the_order_is_the_shard_s(source, tmp_path, monkeypatch, ahead):
    monkeypatch.setattr(recipe, "AHEAD", ahead)  # bytes: none, a few or all
    part = source.subset(ORDER)
    note = recipe.write_shard(part, str(tmp_path / "x"), PLAIN)
    readable = [index for index in range(COUNT) if ORDER[index] != 5]
    expected = [recipe.prepare_image(part, i, PLAIN) for i in readable]
    assert images_of(tmp_path / "x") == expected
    ((where, reason),) = note["corrupt"]
    assert "a.parquet" in where and "Invalid PNG data" in reason


def test_a_whole_data_set_is_a_shard_too(source, tmp_path):
    assert source.numbers is None
    recipe.write_shard(source, str(tmp_path / "x"), PLAIN)
    assert len(images_of(tmp_path / "x")) == COUNT - 1


def most_ahead(source, path, monkeypatch, processes=1):
    """The largest `limit` of bytes that wait; None where none is read ahead."""
    limits = []
    read_ahead = recipe._read_ahead
    monkeypatch.setattr(
        recipe,
        "_read_ahead",
        lambda *a: limits.append(a[-1]) or read_ahead(*a),
    )
    recipe.write_shard(source, str(path), PLAIN, processes)
    monkeypatch.setattr(recipe, "_read_ahead", read_ahead)
    return max(limits, default=None)


def test_images_wait_where_groups_of_rows_are_read_alone(
    source, tmp_path, monkeypatch
):
    """Those of any data set did, 256 MiB in each process."""
    write_members(tmp_path / "x.tar", {"0.png": ENCODED[0]})
    tar, rows = f"tar:{tmp_path}/x.tar", f"parquet:{tmp_path}/a.parquet"
    for name, limit in (
        (tar, None),
        (f"concat:{tar},{tar}", None),
        (f"concat:{tar},{rows}", 2**28),
    ):
        opened = sources.open_source(name)
        assert most_ahead(opened, tmp_path / "x", monkeypatch) == limit
    assert most_ahead(source, tmp_path / "x", monkeypatch, 4) == 2**26


def test_processes_share_what_waits(source, tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(
        shards,
        "run_all",
        lambda function, tasks, processes: (
            given.append((task[-1], processes)) or function(*task)
            for task in tasks
        ),
    )
    shards.prepare({"train": source}, str(tmp_path / "out"), PLAIN, processes=3)
    assert {*given} == {(3, 3)}
