"""Joined data sets that bring classes of their own are named."""

from data_files import rows
from data_files import write_black
from data_files import write_csv

from simclrv2_tf.data import sources


def test_a_folder_within_the_unlabelled_folder(tmp_path):
    labelled = write_black(tmp_path / "L", "a/1.png", "b/1.png")
    more = write_black(tmp_path / "U", "images/1.png", "images/2.png")
    source = sources.open_source(f"concat:{labelled},{more}")
    assert source.class_names == ("a", "b", "images")
    assert source.notes == (
        f"{more} brings the class 'images', which {labelled} lacks: if these "
        "images have no labels, give the folder that they lie in by "
        f"themselves, {more}/images",
    )
    mended = sources.open_source(f"concat:{labelled},{more}/images")
    assert (mended.labels.tolist(), mended.notes) == ([0, 1, -1, -1], ())


def test_the_first_with_classes_is_compared_with(tmp_path):
    flat = write_black(tmp_path / "U", "1.png")
    one = write_black(tmp_path / "one", "a/1.png", "b/1.png")
    same = write_black(tmp_path / "same", "b/1.png")
    other = write_black(tmp_path / "other", "b/1.png", "c/1.png", "d/1.png")
    assert not sources.open_source(f"concat:{flat},{one},{same}").notes
    (note,) = sources.open_source(f"concat:{flat},{one},{same},{other}").notes
    assert note.startswith(f"{other} brings the classes 'c', 'd', which {one} ")


def test_a_table_and_a_label_map(tmp_path):
    folder = write_black(tmp_path / "L", "ant/1.png", "dog/1.png")
    write_csv(tmp_path / "a.csv", rows(slice(0, 2), named=True))
    name = f"concat:{folder},csv:{tmp_path}/a.csv"
    (note,) = sources.open_source(name).notes
    assert "'bee'" in note and note.endswith("theirs away with --label_map")
    (tmp_path / "map.csv").write_text("ant,ant\ndog,dog\nbee,\n")
    source = sources.open_source(name, label_map=str(tmp_path / "map.csv"))
    assert source.labels.tolist() == [0, 1, 0, -1]
    assert source.notes == ()
