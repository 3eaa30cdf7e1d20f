"""The table that a curation leaves images out by, where it writes that one."""

import pytest

from simclrv2_tf.curation import excluded_before
from simclrv2_tf.curation.curation_tables import COLUMNS

OWN = "group,file,keep\n1,a.png,yes\n1,b.png,no\n"


def rows_of(table, directory):
    return excluded_before.rows_before(str(table), str(directory), COLUMNS)


def test_rows_go_on_after_those_of_new_groups(tmp_path):
    table = tmp_path / "near_duplicates.csv"
    table.write_text(OWN)
    (tmp_path / "link").symlink_to(tmp_path)
    rows = rows_of(tmp_path / "link" / table.name, tmp_path)
    assert [row["file"] for row in rows] == ["a.png", "b.png"]
    assert excluded_before.numbered_after(rows, 3, ["group", "keep", "x"]) == [
        ["4", "yes", ""],
        ["4", "no", ""],
    ]
    assert excluded_before.left_out(rows) == 1


def test_other_tables_are_left_alone(tmp_path):
    (tmp_path / "mine.csv").write_text("anything")
    assert rows_of(tmp_path / "mine.csv", tmp_path) == []
    assert rows_of(tmp_path / "outliers.csv", tmp_path / "other") == []
    assert rows_of("gs://bucket/outliers.csv", tmp_path) == []
    assert excluded_before.rows_before(None, str(tmp_path), COLUMNS) == []


@pytest.mark.parametrize("name", sorted(set(COLUMNS) - {"near_duplicates"}))
def test_what_would_be_lost_is_refused(tmp_path, name):
    table = tmp_path / f"{name}.csv"
    table.write_text("file\na.png\n")
    with pytest.raises(ValueError, match="writes anew; copy it, or give ano"):
        rows_of(table, tmp_path)


@pytest.mark.parametrize("text", ["file,mine\na.png,1\n", "a.png\nb.png\n"])
def test_columns_of_its_own_are_refused(tmp_path, text):
    table = tmp_path / "near_duplicates.csv"
    table.write_text(text)
    with pytest.raises(ValueError, match="with the columns .*; copy it"):
        rows_of(table, tmp_path)
