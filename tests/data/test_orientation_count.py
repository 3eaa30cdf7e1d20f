"""Orientation tags are counted, and applied wherever images are read."""

import dataclasses
import io

import numpy as np
import pytest
import tensorflow as tf
from oriented_images import TAGS
from oriented_images import encoded
from oriented_images import stored
from oriented_images import write_folders

from simclrv2_tf.data import orientation_count
from simclrv2_tf.data import pipeline
from simclrv2_tf.data import sources
from simclrv2_tf.data.cache import cached
from simclrv2_tf.data.orientation_count import orientation_note
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.data.storage import Files


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return write_folders(tmp_path_factory.mktemp("photos"))


def opened(folder, apply=True):
    return sources.open_source(f"folder:{folder}", apply_orientation=apply)


def test_counted_and_told(folders):
    tagged, upright = folders
    note = orientation_note(opened(tagged, False))
    assert note == (
        "28 images carry an EXIF orientation tag other than 1: left as "
        "stored; --apply_orientation turns them"
    )
    assert orientation_note(opened(tagged)).endswith("turned as it says")
    assert orientation_note(opened(upright)) == ""
    one = opened(tagged, False).subset(np.array([1]))
    assert "1 image carries an EXIF" in orientation_note(one)


def test_a_large_data_set_is_sampled(folders, monkeypatch):
    monkeypatch.setattr(orientation_count, "MOST", 8)
    note = orientation_note(opened(folders[0], False))
    assert " of 8 images looked at carry an EXIF orientation" in note


def test_no_more_than_headers_is_read(tmp_path, monkeypatch):
    scene = np.random.default_rng(0).integers(0, 256, (900, 900, 3), np.uint8)
    path = tmp_path / "large.png"
    path.write_bytes(encoded(scene, "PNG", 6))
    reads = []

    class Counted(io.FileIO):
        def read(self, size=-1):
            data = super().read(size)
            reads.append(len(data))
            return data

    monkeypatch.setattr(Files, "open", lambda self, i: Counted(self.path(i)))
    files = Files(np.array([str(path)], object))
    source = Source("large", np.array([-1], np.int32), files)
    assert orientation_note(source).startswith("1 image carries")
    assert 0 < sum(reads) < 2_000 < path.stat().st_size / 1000


@pytest.mark.slow
@pytest.mark.parametrize("make", [lambda s: s, cached])
def test_every_reader_turns_them(folders, make):
    tagged, upright = (make(opened(folder)) for folder in folders)
    views = (
        pipeline.train_dataset(s, 16, 8, seed=1, steps=2)
        for s in (tagged, upright)
    )
    for (a, _), (b, _) in zip(*views, strict=True):
        np.testing.assert_array_equal(a, b)
    batches = (pipeline.eval_dataset(s, 32, 10) for s in (tagged, upright))
    for (a, _), (b, _) in zip(*batches, strict=True):
        np.testing.assert_array_equal(a, b)


def test_left_alone_unless_asked(folders):
    read = opened(folders[0], False).pixels()
    turned = opened(folders[0]).pixels()
    shapes = {tuple(read(i).shape) for i in range(32)}
    assert shapes == {(12, 20, 3), (20, 12, 3)}
    assert {tuple(turned(i).shape) for i in range(32)} == {(12, 20, 3)}


@pytest.mark.slow
def test_images_of_one_size_in_the_data_set_s_words():
    """A turned image of 12 by 20 is not one of another size."""
    scene = np.random.default_rng(0).integers(0, 256, (12, 20, 3), np.uint8)
    files = np.array([encoded(scene, "JPEG", tag) for tag in TAGS], object)
    labels = np.full(8, -1, np.int32)
    source = Source("phones", labels, Encoded(files), shape=(12, 20, 3))
    source = dataclasses.replace(source, apply_orientation=True)
    numbers = [n for _, n in pipeline.eval_dataset(source, 8, 8)]
    assert np.concatenate(numbers).tolist() == list(range(8))
    views, _ = next(iter(pipeline.train_dataset(source, 8, 8, seed=0)))
    assert views[0].shape == (8, 8, 8, 3)


def test_a_table_and_joined_sets_too(folders, tmp_path):
    tagged, upright = folders
    joined = sources.open_source(
        f"concat:folder:{tagged},folder:{upright}", apply_orientation=True
    )
    read = joined.pixels()
    count = joined.num_examples // 2
    for number in range(count):
        np.testing.assert_array_equal(read(number), read(number + count))
    assert orientation_note(joined).startswith("28 images")


def test_it_is_part_of_what_a_source_is(folders):
    on, off = (opened(folders[0], apply) for apply in (True, False))
    assert on.fingerprint() != off.fingerprint()
    assert repr(on) == repr(off)


def test_a_scene_is_stored_as_cameras_do():
    scene = np.random.default_rng(0).integers(0, 256, (12, 20, 3), np.uint8)
    files = np.array(
        [encoded(stored(scene, t), "PNG", t) for t in TAGS], object
    )
    source = Source("all", np.full(8, -1, np.int32), Encoded(files))
    read = dataclasses.replace(source, apply_orientation=True).pixels()
    for number in range(8):
        np.testing.assert_array_equal(read(tf.constant(number)), scene)
