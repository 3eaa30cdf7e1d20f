"""Labels in `next_labels.csv` that the next round would write over."""

import csv
import types

import numpy as np
import pytest
import small_classifier
from PIL import Image
from tables import rows_of

import simclrv2_tf
from simclrv2_tf.config import Config
from simclrv2_tf.curation import curation_tables
from simclrv2_tf.curation import filled_labels
from simclrv2_tf.curation.curation_tables import COLUMNS
from simclrv2_tf.curation.findings import Findings
from simclrv2_tf.curation.next_labels import Chosen
from simclrv2_tf.curation.pool import open_pool
from simclrv2_tf.files.csv_text import csv_text

LOST = "labels must not be lost. Received: a table with "


def check(folder, rows, known=(), delimiter=","):
    """Of (file, label, rank), beside a pool with labels of `known`."""
    cells = [[file, label, "train", rank, "", ""] for file, label, rank in rows]
    text = csv_text(COLUMNS["next_labels"], cells).replace(",", delimiter)
    (folder / "next_labels.csv").write_text(text)
    filled_labels.check_filled(str(folder), pool_of(known))


def pool_of(known):
    files = np.array([*map(str, known), "/without/label.png"], object)
    labels = np.array([0] * len(known) + [-1])
    source = types.SimpleNamespace(labels=labels)
    return types.SimpleNamespace(files=files, own_files=files, source=source)


ROWS = [
    ("/a/1.png", "", 1),
    ("next_labels/2.png", " bee ", 2),
    ("npz:x.npz (train)#3", "ant", 3),
    ("/a/4.png", "ant", ""),  # written with its label
]


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_labels_that_the_data_do_not_have_are_refused(tmp_path, delimiter):
    words = f"{LOST}labels of 2 images .* such as 'next_labels/2.png'; give -"
    with pytest.raises(ValueError, match=words):
        check(tmp_path, ROWS, delimiter=delimiter)
    assert "bee" in (tmp_path / "next_labels.csv").read_text()
    with pytest.raises(ValueError, match="labels of 1 images .* as 'npz:x"):
        check(tmp_path, ROWS, [tmp_path / "next_labels" / "2.png"], delimiter)


@pytest.mark.parametrize("empty", ["-1", "-1.0", " "])
def test_a_label_that_the_data_read_as_none_is_not_lost(tmp_path, empty):
    check(tmp_path, [("/a/1.png", empty, 1)])
    with pytest.raises(ValueError, match="labels of 1 images .* as '/a/2.png'"):
        check(tmp_path, [("/a/1.png", empty, 1), ("/a/2.png", "-2", 2)])


def test_a_table_that_excel_saved_is_read(tmp_path):
    rows = "sep=;\r\nfile;label;rank\r\n/a/1.png;ant;1\r\n;;\r\n"
    (tmp_path / "next_labels.csv").write_text(rows)
    filled_labels.check_filled(str(tmp_path), pool_of(["/a/1.png"]))
    with pytest.raises(ValueError, match="labels of 1 images .* as '/a/1.png'"):
        filled_labels.check_filled(str(tmp_path), pool_of([]))


def test_labels_of_a_table_beside_other_data_go_on(tmp_path):
    """The next round of images that are no files: `concat:csv:...,npz:...`."""
    pixels = np.random.default_rng(0).integers(0, 255, (6, 8, 8, 3), np.uint8)
    np.savez(tmp_path / "scans.npz", images=pixels[2:])
    (tmp_path / "next_labels").mkdir()
    for rank in (1, 2):
        copy = tmp_path / "next_labels" / f"{rank}.png"
        Image.fromarray(pixels[rank]).save(copy)
    path = tmp_path / "next_labels.csv"
    rows = ["file,label,split,rank", "next_labels/1.png,ant,train,1"]
    path.write_text("\n".join([*rows, "next_labels/2.png,-1,train,2"]))
    data = f"concat:csv:{path},npz:{tmp_path}/scans.npz"
    pool = open_pool(Config(dataset=data, split="train"))
    filled_labels.check_filled(str(tmp_path), pool)
    assert pool.are_files.tolist() == [True] * 2 + [False] * 4
    assert pool.own_files[0] == str(tmp_path / "next_labels" / "1.png")
    assert pool.subset(np.array([5, 1])).own_files.tolist() == [
        *("", str(tmp_path / "next_labels" / "2.png"))
    ]
    findings = Findings(pool, [Chosen(3, "typical", 1.0)], *[None] * 4)
    rows = list(curation_tables._to_label(findings, {3: "next_labels/3.png"}))
    assert [row[:2] for row in rows] == [
        ["next_labels/3.png", ""],
        [str(tmp_path / "next_labels" / "1.png"), "ant"],
        [str(tmp_path / "next_labels" / "2.png"), ""],
    ]
    with pytest.raises(ValueError, match="concat:csv:.*,OTHERS beside data"):
        filled_labels.check_filled(str(tmp_path), pool.subset(np.arange(1, 6)))


def test_labels_that_the_data_have_go_on(tmp_path):
    copy = tmp_path / "next_labels" / "2.png"
    check(tmp_path, ROWS, [copy, "npz:x.npz (train)#3"])
    (tmp_path / "link").symlink_to(tmp_path)
    filled_labels.check_filled(
        str(tmp_path / "link"), pool_of([copy, "npz:x.npz (train)#3"])
    )


def test_a_table_that_nobody_filled_in_is_written_anew(tmp_path):
    filled_labels.check_filled(str(tmp_path), pool_of([]))
    check(tmp_path, [("/a/1.png", "", 1), ("/a/4.png", "ant", "")])
    (tmp_path / "next_labels.csv").write_text("")
    filled_labels.check_filled(str(tmp_path), pool_of([]))


def test_what_is_no_table_of_ours_is_refused(tmp_path):
    (tmp_path / "next_labels.csv").write_text("file,mine\n1.png,ant\n")
    with pytest.raises(ValueError, match="the columns file, mine, not its own"):
        filled_labels.check_filled(str(tmp_path), pool_of([]))


@pytest.mark.slow
def test_a_round_that_does_not_read_the_table_is_refused(run, tmp_path):
    data = f"folder:{small_classifier.photographs(tmp_path / 'photos')}"
    options = {"label_budget": 2, "curate_output": str(tmp_path / "found")}
    options |= {"labels_per_class": 1, "seed": 0}
    simclrv2_tf.curate(data, run, **options)
    path = tmp_path / "found" / "next_labels.csv"
    with open(path, newline="") as file:
        head, *rows = csv.reader(file)
    rows[0][1] = "ant"
    text = csv_text(head, rows)
    path.write_text(text)
    with pytest.raises(ValueError, match=f"{LOST}labels of 1 images"):
        simclrv2_tf.curate(data, run, **options)
    assert path.read_text() == text
    del options["labels_per_class"]
    simclrv2_tf.curate(f"csv:{path}", run, **options)
    again = {row["file"]: row["label"] for row in rows_of(path)}
    assert again[rows[0][0]] == "ant"
