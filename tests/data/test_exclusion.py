"""Images that a table leaves out, and slips in labels of a table."""

import numpy as np
import pytest
from PIL import Image

from simclrv2_tf.config import Config
from simclrv2_tf.data import classes
from simclrv2_tf.data import sources
from simclrv2_tf.data.exclusion import left_in
from simclrv2_tf.data.exclusion import read_excluded
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Files
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.runs import inputs


@pytest.fixture
def folder(tmp_path):
    for index in range(4):
        path = tmp_path / "data" / f"{index}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((8, 8, 3), index, np.uint8)).save(path)
    return tmp_path / "data"


@pytest.mark.parametrize(
    "text, left",
    [
        ("group,file\n1,data/0.png\n1,{folder}/2.png\n", [1, 3]),
        ("file,keep\ndata/0.png,yes\ndata/1.png,no\n", [0, 2, 3]),
        ("data/1.png\n\n", [0, 2, 3]),
        ("file\n", [0, 1, 2, 3]),
        ("\ufefffile\ndata/other.png\n", [0, 1, 2, 3]),
    ],
)
def test_files_are_left_out(folder, tmp_path, text, left, caplog):
    table = tmp_path / "table.csv"
    table.write_text(text.format(folder=folder))
    config = Config(dataset=f"folder:{folder}", exclude_images=str(table))
    source = inputs.open_source(config)
    names = [source.where(n) for n in range(source.num_examples)]
    assert names == [str(folder / f"{n}.png") for n in left]
    assert f"exclude_images: {4 - len(left)} of 4" in source.notes[-1]
    idle = "other.png" in text  # a table of files that are not there
    assert ("none of the names in" in caplog.text) == idle
    assert ("names no image but" in caplog.text) == (text == "file\n")


def test_numbers_are_left_out(tmp_path):
    (tmp_path / "table.csv").write_text("file,split\narrays#1,train\n")
    images = np.zeros((3, 8, 8, 3), np.uint8)
    source = Source("arrays", np.zeros(3, np.int32), InMemory(images), ("a",))
    excluded = read_excluded(str(tmp_path / "table.csv"))
    assert left_in(source, excluded).tolist() == [0, 2]


@pytest.mark.parametrize(
    "split, left",
    [
        ("test", [0, 1]),
        ("test[:50%]", [0, 1]),
        ("testing", [0, 1]),
        ("validation", [0, 1]),  # which "test" stands for
        ("train", [0]),
        ("other", [0]),
        (None, [0]),
    ],
)
def test_a_file_of_two_splits_stays_in_that_which_keeps_it(
    tmp_path, split, left
):
    table = tmp_path / "table.csv"
    table.write_text(
        "file,split,keep\n1.png,train,no\n1.png,test,yes\n"
        "2.png,test,no\n2.png,train,no\n"
        "3.png,test,yes\n3.png,test,no\n"  # of two groups
    )
    files = Files(np.array([str(tmp_path / f"{n}.png") for n in range(4)]))
    source = Source("files", np.full(4, -1, np.int32), files)
    excluded = read_excluded(str(table), split)
    assert left_in(source, excluded).tolist() == left


def test_a_table_that_keeps_all_is_told(tmp_path, caplog):
    table = tmp_path / "table.csv"
    table.write_text("file,keep\na.png,yes\n")
    assert read_excluded(str(table)) == set()
    assert f"leaves nothing out: '{table}' names no image but" in caplog.text


def test_quotes_and_encodings(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text('file\n"a, b.png"\n')
    assert "a, b.png" in read_excluded(str(table))
    table.write_text('file\na.png\n"b.png\nc.png\n')
    with pytest.raises(ValueError, match="opened in line 3 is not closed"):
        read_excluded(str(table))
    table.write_text("file\na.png\n", encoding="utf-16")
    with pytest.raises(ValueError, match="table.csv' must be text in UTF-8"):
        read_excluded(str(table))


def test_what_is_refused(folder, tmp_path):
    table = tmp_path / "table.csv"
    with pytest.raises(ValueError, match="cannot be read as a table"):
        read_excluded(str(table))
    table.write_text("name,size\na.png,3\n")
    with pytest.raises(ValueError, match="must have a column 'file'.*name, si"):
        read_excluded(str(table))
    table.write_text("\n".join(f"data/{n}.png" for n in range(4)))
    config = Config(dataset=f"folder:{folder}", exclude_images=str(table))
    with pytest.raises(ValueError, match="must leave an image.*all 4 of"):
        inputs.open_source(config)


def test_the_nearest_name():
    known = ["apple", "pear", "12"]
    assert classes.nearest_name("aple", known) == "apple"
    assert classes.nearest_name(" Apple", known) == "apple"
    assert classes.nearest_name("plum", known) is None
    assert classes.nearest_name("1", known) is None
    assert classes.nearest_name("apple", None) is None


def test_a_rare_name_like_a_common_one_is_told():
    names = ("apple", "aple", "room 1", "room 12")
    labels = np.array([0] * 9 + [1] + [2] * 9 + [3] + [-1])
    (told,) = classes.likely_slips(names, labels)
    assert "'aple' has 1 image: did you mean 'apple'?" in told


def test_a_table_filled_in_by_hand_is_told(folder, tmp_path):
    table = tmp_path / "mine.csv"
    rows = [f"data/0.png#{n},apple" for n in range(5)]
    table.write_text("\n".join(["file,label", *rows, "data/1.png,appel "]))
    source = sources.open_source(f"csv:{table}", "train")
    assert any("did you mean 'apple'" in note for note in source.notes)


def test_a_label_outside_of_the_classes_names_the_nearest(folder, tmp_path):
    table = tmp_path / "mine.csv"
    rows = ["file,label,split", "data/0.png,apple,train"]
    table.write_text("\n".join([*rows, "data/1.png,aple,test"]))
    with pytest.raises(ValueError, match="outside.*did you mean 'apple'"):
        sources.open_source(f"csv:{table}", "test")
