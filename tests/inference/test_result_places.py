"""Results of shards that are written anew are told from the earlier ones."""

import types

import data_files
import numpy as np
import pytest
from data_files import rows

from simclrv2_tf.config import Config
from simclrv2_tf.data.sources import open_source
from simclrv2_tf.inference import result_shards
from simclrv2_tf.inference import sweep

NETWORK = types.SimpleNamespace(variables=[])


def contents_of(name):
    source = open_source(name)
    names = [str(number) for number in range(source.num_examples)]
    return sweep.contents(Config(dataset=name), source, NETWORK, names)


def check(before, now):
    result_shards.check_same("output", "x", before, now, "rows")


def test_the_places_of_images_count_if_a_result_tells_them(tmp_path):
    path = tmp_path / "a.tar"
    data_files.write_tar(path, rows())
    before = contents_of(f"tar:{path}")
    earlier = {k: v for k, v in before.items() if k != "places"}
    changed = rows()
    # Places move by whole blocks of 512 bytes.
    noise = np.random.default_rng(1).integers(0, 256, (40, 40, 3), np.uint8)
    changed[5] = data_files.png(noise), changed[5][1]
    data_files.write_tar(path, changed)
    now = contents_of(f"tar:{path}")
    with pytest.raises(ValueError, match="holds another result: .*places was"):
        check(before, now)
    check(earlier, {**earlier, "places": now["places"]})


def test_the_parts_of_an_earlier_version_go_on(tmp_path):
    earlier = {"examples": 4, "images": 1}
    with result_shards.Shards(str(tmp_path), "rows", 2, earlier).opened():
        pass
    for places in (7, 8):
        now = {**earlier, "places": places}
        with result_shards.Shards(str(tmp_path), "rows", 2, now).opened():
            assert "places" not in result_shards.read_manifest(str(tmp_path))


def test_arrays_tell_what_they_told_before():
    """Kept features have names that are made from it."""
    assert "places" not in contents_of("digits")
