"""Tables as text: what is quoted, what is empty, in which order."""

import csv
import io

from simclrv2_tf.files.csv_text import csv_of_records
from simclrv2_tf.files.csv_text import csv_text


def test_cells_come_back_as_they_were():
    rows = [['a "b", c', "two\nlines"], ["", "ä"]]
    text = csv_text(["one", "two"], rows)
    assert list(csv.reader(io.StringIO(text))) == [["one", "two"], *rows]


def test_a_table_by_hand():
    assert csv_text(("a", "b"), [[1, None], [0.5, "x"]]) == "a,b\n1,\n0.5,x\n"
    assert csv_text(("a", "b"), []) == "a,b\n"


def test_records_go_by_their_keys():
    records = [{"a": 1, "b": None}, {"b": "x,y", "a": True}]
    assert csv_of_records(records) == 'a,b\n1,\nTrue,"x,y"\n'
