"""A label that an option names, and that some of the images have."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow_datasets as tfds
from data_files import ENCODED
from data_files import PIXELS
from data_files import write_members
from data_files import write_records
from tfds_files import write_tfds

from simclrv2_tf.data import sources
from simclrv2_tf.data.sources.missing_label import NoLabelError

BREEDS = ("pug", "chow")


def images_and_breeds(which, labelled):
    """Encoded images, and of each its breed where there are labels."""
    breeds = BREEDS if labelled else (None, None)
    return list(zip(ENCODED[which], breeds, strict=False))


def write_csv(path, rows):
    labelled = rows[0][1] is not None
    lines = ["id,breed" if labelled else "id"]
    for number, (image, breed) in enumerate(rows):
        (path.parent / f"{path.stem}{number}.png").write_bytes(image)
        cells = (f"{path.stem}{number}.png", breed)
        lines.append(",".join(filter(None, cells)))
    path.write_text("\n".join(lines))


def write_tfrecord(path, rows):
    write_records(
        path,
        [{"id": i, "breed": b} if b else {"id": i, "no": 1} for i, b in rows],
    )


def write_parquet(path, rows):
    table = {"id": [image for image, _ in rows]}
    if rows[0][1]:
        table["breed"] = [breed for _, breed in rows]
    pq.write_table(pa.table(table), path)


def write_npz(path, rows):
    breeds = {"breed": np.array([b for _, b in rows])} if rows[0][1] else {}
    np.savez(path, id=PIXELS[: len(rows)], **breeds)


def write_tar(path, rows):
    members = {}
    for number, (image, breed) in enumerate(rows):
        members[f"{number}.id"] = image
        members[f"{number}.{'breed' if breed else 'txt'}"] = f"{breed}".encode()
    write_members(path, members)


WRITERS = {
    "csv": write_csv,
    "npz": write_npz,
    "parquet": write_parquet,
    "tar": write_tar,
    "tfrecord": write_tfrecord,
}
KINDS = sorted(WRITERS)


def write(folder, kind, **splits):
    """The name of a data set in a file for each split, labelled or not."""
    folder.mkdir(exist_ok=True)
    for split, labelled in splits.items():
        rows = images_and_breeds(slice(0, 2), labelled)
        WRITERS[kind](folder / f"{split}.{kind}", rows)
    return f"{kind}:{folder}/{{split}}.{kind}"


def opened(name, split="train", label="breed"):
    return sources.open_source(
        name, split, image_feature="id", label_feature=label
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_test_split_without_it_is_unlabelled(tmp_path, kind, caplog):
    """Such as that of a competition; its training split was refused too."""
    name = write(tmp_path, kind, train=True, test=False)
    assert opened(name).class_names == ("chow", "pug")
    assert not caplog.messages
    test = opened(name, "test")
    assert test.labels.tolist() == [-1, -1]
    assert test.class_names == ("chow", "pug")
    (message,) = caplog.messages
    assert message.startswith("without the ")
    assert "test" in message
    assert message.endswith("; their images count as unlabelled")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("split", ["train", "test"])
def test_a_training_split_must_have_it(tmp_path, kind, split):
    name = write(tmp_path, kind, train=False, test=True)
    with pytest.raises(NoLabelError, match=f"train.{kind}'.*'breed'"):
        opened(name, split)
    with pytest.raises(NoLabelError, match=f"train.{kind}'.*'bread'"):
        opened(write(tmp_path, kind, train=True, test=True), split, "bread")


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_of_several_without_it_is_unlabelled(tmp_path, kind, caplog):
    one = write(tmp_path / "one", kind, train=True, test=False)
    two = write(tmp_path / "two", kind, train=False)
    for name in (f"concat:{one},{two}", f"concat:{two},{one}"):
        source = opened(name)
        assert sorted(source.labels) == [-1, -1, 0, 1]
        assert source.class_names == ("chow", "pug")
        assert opened(name, "test").labels.tolist() == [-1, -1]
    assert "without the " in caplog.text


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_of_several_must_have_it(tmp_path, kind):
    one = write(tmp_path / "one", kind, train=False)
    two = write(tmp_path / "two", kind, train=False)
    (tmp_path / "folder" / "pug").mkdir(parents=True)
    (tmp_path / "folder" / "pug" / "0.png").write_bytes(ENCODED[0])
    message = f"one/train.{kind}'.*'breed'"
    for more in ("", f",folder:{tmp_path}/folder"):
        with pytest.raises(NoLabelError, match=message):
            opened(f"concat:{one},{two}{more}")


def test_images_alone_do_not_make_a_mistyped_label_right(tmp_path):
    """A part of them had no error, and all counted as unlabelled."""
    write_members(tmp_path / "more.tar", {"0.png": ENCODED[0]})
    (tmp_path / "labels.csv").write_text("path,breed\n0.png,pug\n")
    parts = f"csv:{tmp_path}/labels.csv", f"tar:{tmp_path}/more.tar"
    for name in (",".join(parts), ",".join(parts[::-1])):
        with pytest.raises(NoLabelError, match="have the column 'breeed'. Rec"):
            sources.open_source(f"concat:{name}", label_feature="breeed")
        source = sources.open_source(f"concat:{name}", label_feature="breed")
        assert sorted(source.labels) == [-1, 0]


@pytest.mark.parametrize("kind", ["csv", "npz"])
@pytest.mark.parametrize("fault", ["column", "damage"])
def test_a_faulty_split_that_is_not_opened(tmp_path, kind, fault):
    name = write(tmp_path, kind, train=True, test=True)
    path = tmp_path / f"test.{kind}"
    if fault == "damage":
        path.write_bytes(b"\xff\xfe\0")
    elif kind == "csv":
        path.write_text("path\ntest0.png\n")
    else:
        np.savez(path, images=PIXELS)
    assert opened(name).labels.tolist() == [1, 0]
    assert sorted(sources.split_names(name, image_feature="id")) == [
        "test",
        "train",
    ]
    with pytest.raises(ValueError, match=f"test.{kind}'"):
        opened(name, "test")


def test_a_faulty_table_fails_every_split_that_it_names(tmp_path):
    """Its rows before the fault stood in the splits, those behind did not."""
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(ENCODED[number])
    (tmp_path / "train.csv").write_text("path,label,split\n0.png,a,Train\n")
    rows = ("1.png,a,extra", ",a,more", "2.png,a,")
    text = "\n".join(["path,label,split", *rows])
    (tmp_path / "test.csv").write_text(text)
    name = f"csv:{tmp_path}/{{split}}.csv"
    assert sources.open_source(name).num_examples == 1
    message = r"test.csv' must name an image in each row. .* in row 3"
    for split in ("extra", "more", "test"):
        with pytest.raises(ValueError, match=message):
            sources.open_source(name, split)
    rows = ("1.png,a,train", *rows)
    (tmp_path / "test.csv").write_text("\n".join(["path,label,split", *rows]))
    with pytest.raises(ValueError, match="test.csv' must name .* in row 4"):
        sources.open_source(name)


def test_tables_of_training_must_all_have_it(tmp_path):
    name = write(tmp_path, "csv", a=True, b=False).replace("{split}", "*")
    message = f"'{tmp_path}/b.csv' must have the column 'breed'. Received: id"
    with pytest.raises(NoLabelError, match=re.escape(message)):
        opened(name)


def test_a_part_of_tfds_without_it(tmp_path, caplog):
    features = {"id": tfds.features.Image(shape=(9, 7, 3))}
    name = write_tfds(tmp_path, features, {"train": {"id": PIXELS[:2]}})
    with pytest.raises(NoLabelError, match="have the feature 'breed'. Recei"):
        opened(name)
    one = write(tmp_path / "one", "tfrecord", train=True)
    assert opened(f"concat:{name},{one}").labels.tolist() == [-1, -1, 1, 0]
    assert "without the feature 'breed': 1 of 1 data sets" in caplog.text


def test_labels_are_those_of_the_test_split_where_it_has_them(tmp_path):
    name = write(tmp_path, "csv", train=True, test=True)
    assert opened(name, "test").labels.tolist() == [1, 0]
