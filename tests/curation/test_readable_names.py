"""Names of classes that a table would not give back are refused."""

import numpy as np
import pytest
from PIL import Image

import simclrv2_tf
from simclrv2_tf.curation.pool import Pool
from simclrv2_tf.curation.readable_names import check_names
from simclrv2_tf.curation.readable_names import lost_names
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory


@pytest.mark.parametrize(
    ("name", "fate"),
    [
        ("-1", "'-1', which is read as no label"),
        ("3.0", "'3.0', which is read as '3'"),
        (" ant", "' ant', which is read as 'ant'"),
        ("-7", "'-7', which is refused"),
        ("NA", "'NA', which is refused"),
        ("nan", "'nan', which is refused"),
        ("cat|dog", "'cat|dog', which is refused"),
    ],
)
def test_names_that_are_lost(name, fate):
    assert lost_names(["bee", name, "2"]) == [fate]


def test_names_that_are_not():
    names = ["0", "001", "ant", "tench, Tinca tinca", 'the "red" one', "-", "1"]
    assert lost_names(names) == []
    assert lost_names([]) == []


def test_a_name_may_be_lost_beside_others():
    assert lost_names(["hot dog", "dog"]) == []
    assert lost_names(["hot dog", "dog", "hot"]) == []
    (told,) = lost_names(["hot, dog", "dog", "hot"])
    assert told == "'hot, dog', which is refused beside the others"


def pool_of(labels, files):
    """Images of three classes, some of which are files."""
    images = np.zeros((len(labels), 8, 8, 3), np.uint8)
    names = ("-1", "NA", "bee")
    source = Source("some", np.array(labels, np.int32), InMemory(images), names)
    return Pool(
        source,
        np.full(len(labels), "train", object),
        "train",
        np.array([str(n) for n in range(len(labels))], object),
        np.array(["some.png" if is_file else "" for is_file in files], object),
    )


def test_names_that_are_written_are_looked_at():
    with pytest.raises(ValueError, match="written. Received: '-1', which is r"):
        check_names(pool_of([0, 2, 1], [True, True, False]))
    check_names(pool_of([0, 2, 1], [False, True, False]))
    check_names(pool_of([-1, -1, -1], [True, True, True]))


def test_curation_refuses_before_it_embeds(run, tmp_path):
    for place, name in enumerate(("-1", "ant", "bee")):
        folder = tmp_path / "data" / "train" / name
        folder.mkdir(parents=True)
        for index in (1, 2):
            rng = np.random.default_rng([place, index])
            image = rng.integers(0, 255, (24, 24, 3), np.uint8)
            Image.fromarray(image).save(folder / f"{index}.png")
    data, output = f"folder:{tmp_path / 'data'}", tmp_path / "out"
    asked = {"label_budget": 1, "labels_per_class": 1}
    asked["curate_output"] = str(output)
    message = "read as no label; give the class another name.*or leave `label_b"
    with pytest.raises(ValueError, match=message):
        simclrv2_tf.curate(data, run, **asked)
    assert not output.exists()
    renamed = tmp_path / "map.csv"
    renamed.write_text('"-1",none\nant,ant\nbee,bee\n')
    simclrv2_tf.curate(data, run, label_map=str(renamed), **asked)
    assert (output / "next_labels.csv").exists()
