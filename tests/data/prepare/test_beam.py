"""The same preparation on Apache Beam's direct runner."""

import collections
import importlib.util

import numpy as np
import pytest
import tensorflow_datasets as tfds
from data_files import ENCODED
from data_files import NAMES
from data_files import rows
from data_files import write_csv

from simclrv2_tf.data.prepare import beam
from simclrv2_tf.data.prepare import command
from simclrv2_tf.data.prepare.unreadable_limit import UnreadableLimit
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Encoded


def test_without_beam_the_extra_is_named(tmp_path):
    if importlib.util.find_spec("apache_beam"):
        pytest.skip("Apache Beam is here")
    write_csv(tmp_path / "all.csv", rows())
    with pytest.raises(ImportError, match=r"pip install 'simclrv2_tf\[beam\]'"):
        command.run(
            f"csv:{tmp_path}/all.csv",
            str(tmp_path / "out"),
            beam_runner="DirectRunner",
        )


def test_too_many_unreadable_images_are_an_error_in_the_end():
    labels = np.full(12, -1, np.int32)
    images = Encoded(np.array(ENCODED, object))
    limit = UnreadableLimit({"train": Source("x", labels, images)})
    row = {"split": "train", "image": "example 3 of x", "reason": "damaged"}
    report = {"splits": {"train": {}}, "corrupt": [row]}
    beam._check(report, limit)  # one may always be
    with pytest.raises(ValueError, match="example 3 of x cannot be read: dam"):
        beam._check({**report, "corrupt": [row, row]}, limit)


@pytest.mark.slow
def test_the_same_examples_as_without_beam(tmp_path):
    pytest.importorskip("apache_beam", reason="needs Apache Beam, an extra")
    write_csv(tmp_path / "all.csv", rows(named=True))
    (tmp_path / "all_images" / "3.png").write_bytes(ENCODED[3][:50])
    name = f"csv:{tmp_path}/all.csv"
    ours = command.run(name, str(tmp_path / "a/set"), processes=1)
    beams = command.run(
        name, str(tmp_path / "b/set"), beam_runner="DirectRunner"
    )
    assert beams["corrupt"] == ours["corrupt"] != []
    counted = []
    for folder in "ab":
        builder = tfds.builder("set", data_dir=tmp_path / folder)
        assert builder.info.features["label"].names == list(NAMES)
        decoders = {"image": tfds.decode.SkipDecoding()}
        read = builder.as_dataset(split="train", decoders=decoders)
        rows_read = [(e["image"].numpy(), int(e["label"])) for e in read]
        counted.append(collections.Counter(rows_read))
    assert counted[0] == counted[1]
    assert sum(counted[0].values()) == 11
    again = command.run(
        name, str(tmp_path / "b/set"), beam_runner="DirectRunner"
    )
    assert again == beams
    with pytest.raises(ValueError, match="such as 'my_set'"):
        command.run(name, str(tmp_path / "my-set"), beam_runner="DirectRunner")
