"""Data that are moved, or whose directory is renamed, are the same data."""

import data_files
import numpy as np
import pytest

from simclrv2_tf.data import sources
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Files
from simclrv2_tf.runs.moved_data import fingerprint_anywhere
from simclrv2_tf.runs.moved_data import fingerprint_renamed


def files(*paths):
    return Source(
        name="x",
        labels=np.arange(len(paths)) % 2,
        class_names=["a", "b"],
        storage=Files(np.array(paths, object)),
    )


def in_folders(root, images=data_files.ENCODED):
    """A folder of two classes."""
    for number, image in enumerate(images):
        folder = root / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number:04d}.png").write_bytes(image)
    return sources.open_source(f"folder:{root}")


def in_tar(root, images=data_files.ENCODED):
    root.mkdir()
    labels = np.arange(len(images)) % 2
    path = root / "test.tar"
    data_files.write_tar(path, zip(images, labels, strict=True))
    return sources.open_source(f"tar:{path}")


def joined(root, images=data_files.ENCODED):
    """A folder and a file that lie beside each other."""
    in_folders(root / "first", images)
    in_tar(root / "second", images)
    return sources.open_source(
        f"concat:folder:{root}/first,tar:{root}/second/test.tar"
    )


def test_a_directory_of_the_same_name_lies_anywhere():
    def fingerprint(*paths):
        return fingerprint_anywhere(files(*paths))

    here = fingerprint("/x/test/a/1.png", "/x/test/b/1.png")
    assert here == fingerprint("y/z/test/a/1.png", "y/z/test/b/1.png")
    assert here == fingerprint("test/a/1.png", "test/b/1.png")
    assert here != fingerprint("/x/validation/a/1.png", "/x/validation/b/1.png")
    assert here != fingerprint("/x/test/a/1.png", "/x/test/b/2.png")


@pytest.mark.parametrize("make", [in_folders, in_tar])
def test_a_directory_may_have_another_name(make, tmp_path):
    first, second = (make(tmp_path / name) for name in ("pets", "mounted"))
    assert fingerprint_anywhere(first) != fingerprint_anywhere(second)
    assert fingerprint_renamed(first) == fingerprint_renamed(second)
    part = np.arange(1, second.num_examples)
    assert fingerprint_renamed(first) != fingerprint_renamed(
        second.subset(part)
    )


def test_each_part_of_joined_data_may_be_renamed(tmp_path):
    first = joined(tmp_path / "data")
    in_folders(tmp_path / "pets")
    in_tar(tmp_path / "other")
    second = sources.open_source(
        f"concat:folder:{tmp_path}/pets,tar:{tmp_path}/other/test.tar"
    )
    assert fingerprint_renamed(first) == fingerprint_renamed(second)


def test_other_images_of_the_same_names_are_others(tmp_path):
    first = in_folders(tmp_path / "test")
    second = in_folders(tmp_path / "validation", data_files.ENCODED[::-1])
    assert fingerprint_renamed(first) != fingerprint_renamed(second)


def test_images_that_cannot_be_read_are_not_known():
    assert fingerprint_renamed(files("/none/a/1.png", "/none/b/1.png")) is None


def test_arrays_are_known_by_their_content_alone():
    assert fingerprint_renamed(sources.open_digits("test")) is None
