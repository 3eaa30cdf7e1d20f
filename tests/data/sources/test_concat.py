"""Several data sets as one: classes by name, images of every form."""

import pickle

import numpy as np
import pytest
from data_files import ENCODED
from data_files import PIXELS
from data_files import rows
from data_files import write_csv
from data_files import write_members
from data_files import write_npz
from data_files import write_tar
from data_files import write_tfrecord

from simclrv2_tf.data import sources
from simclrv2_tf.data.splits import NoSplitError


def test_every_form_beside_every_other(tmp_path):
    write_tfrecord(tmp_path / "a.tfrecord", rows(slice(0, 3), named=True))
    write_csv(tmp_path / "b.csv", rows(slice(3, 6), named=True))
    write_npz(tmp_path / "c.npz", rows(slice(6, 9), named=True))
    write_members(tmp_path / "d.tar", {"9.png": ENCODED[9]})
    name = ",".join(
        f"{kind}:{tmp_path}/{file}.{kind}"
        for file, kind in (
            ("a", "tfrecord"),
            ("b", "csv"),
            ("c", "npz"),
            ("d", "tar"),
        )
    )
    source = sources.open_source(f"concat:{name}")
    assert source.class_names == ("ant", "bee", "cat")
    assert source.labels.tolist() == [0, 1, 2] * 3 + [-1]
    read = source.reader()
    for index in range(10):
        image, _ = read(index)
        np.testing.assert_allclose(image, PIXELS[index] / 255, rtol=1e-6)
    assert "b_images/0.png" in source.place(3)
    few = pickle.loads(pickle.dumps(source.subset(np.array([8, 1, 4, 1]))))
    for place, index in enumerate([8, 1, 4, 1]):
        image, _ = few.reader()(place)
        np.testing.assert_allclose(image, PIXELS[index] / 255, rtol=1e-6)
    assert few.fingerprint() != source.fingerprint()


def test_classes_are_matched_by_name(tmp_path):
    write_csv(tmp_path / "a.csv", [(ENCODED[0], "dog"), (ENCODED[1], "bee")])
    write_tar(tmp_path / "b.tar", [(ENCODED[2], "ant"), (ENCODED[3], "dog")])
    source = sources.open_source(
        f"concat:csv:{tmp_path}/a.csv, tar:{tmp_path}/b.tar"
    )
    assert source.class_names == ("bee", "dog", "ant")
    assert source.labels.tolist() == [1, 0, 2, 1]


def test_arrays_of_one_size_stay_arrays():
    source = sources.open_source("concat:digits,digits", "test")
    assert source.num_examples == 720
    assert source.places is None
    assert source.num_classes == 10


def test_evaluation_on_the_parts_that_have_the_split(tmp_path):
    for split, chosen in (("train", slice(0, 3)), ("test", slice(5, 7))):
        write_tfrecord(tmp_path / f"{split}.tfrecord", rows(chosen, named=True))
    write_members(tmp_path / "more.tar", {"9.png": ENCODED[9]})
    labelled, more = (
        f"tfrecord:{tmp_path}/*.tfrecord",
        f"tar:{tmp_path}/more.tar",
    )
    name = f"concat:{more},{labelled}"
    assert sources.open_source(name).labels.tolist() == [-1, 0, 1, 2]
    test = sources.open_source(name, "test")
    assert test.class_names == ("ant", "bee", "cat")
    assert test.labels.tolist() == [2, 0]
    with pytest.raises(NoSplitError):
        sources.open_source(f"concat:{more},{more}", "test")


def test_messages(tmp_path):
    for name in ("concat:digits", "concat:digits,,digits", "concat:,"):
        with pytest.raises(ValueError, match="must name two data sets"):
            sources.open_source(name)
    np.savez(tmp_path / "a.npz", images=np.zeros((2, 4, 4, 5), np.uint8))
    with pytest.raises(ValueError, match="uint8 with 1 or 3.*5 channels"):
        sources.open_source(f"concat:digits,npz:{tmp_path}/a.npz")
