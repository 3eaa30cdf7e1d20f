"""All splits one after another: an image keeps its number among all."""

import numpy as np
import pytest
from data_files import WRITERS
from data_files import rows
from tables import write_names

from simclrv2_tf.config import Config
from simclrv2_tf.data.example_names import example_names
from simclrv2_tf.data.example_names import names_by_place
from simclrv2_tf.inference import sweep
from simclrv2_tf.runs import inputs


@pytest.fixture
def arrays(tmp_path):
    """Twelve images that are no files: seven to train on, five to test on."""
    for name, part in (("train", slice(7)), ("test", slice(7, 12))):
        WRITERS["npz"](tmp_path / f"{name}.npz", rows(part))
    return f"npz:{tmp_path}"


def named(source):
    """{name: bytes of the image}."""
    names = example_names(source)
    return {name: source.encoded_bytes(n) for n, name in enumerate(names)}


def test_what_is_left_out_changes_no_other_name(arrays, tmp_path):
    """Results were joined by names that stood for another image."""
    whole = sweep.open_whole(Config(dataset=arrays))
    assert whole.numbers is None
    parts = [inputs.open_source(Config(dataset=arrays), "train")]
    parts.append(inputs.open_source(Config(dataset=arrays), "test"))
    out = [example_names(parts[0])[2], example_names(parts[1])[1]]
    table = write_names(tmp_path / "out.csv", out)
    config = Config(dataset=arrays, exclude_images=table)
    left = sweep.open_whole(config)
    pairs = list(named(whole).items())  # the test split first
    assert named(left) == dict(pairs[:1] + pairs[2:7] + pairs[8:])
    assert "example 11 of" in left.where(left.num_examples - 1)
    # What earlier versions call them, for results that are begun.
    assert names_by_place(left)[-1].endswith("#9")


def test_so_does_what_is_set_aside(arrays):
    whole = sweep.open_whole(Config(dataset=arrays))
    left = sweep.open_whole(Config(dataset=arrays, holdout_fraction=0.3))
    assert 5 < left.num_examples < 12
    assert named(left).items() < named(whole).items()


def test_one_split_has_its_own_numbers(tmp_path):
    WRITERS["npz"](tmp_path / "a.npz", rows())
    config = Config(dataset=f"npz:{tmp_path}/a.npz", holdout_fraction=0.25)
    left = sweep.open_whole(config)
    source, count = inputs.open_counted(config)
    assert count == 12 > source.num_examples
    np.testing.assert_array_equal(left.numbers, source.numbers)
    assert example_names(left) == example_names(source)
