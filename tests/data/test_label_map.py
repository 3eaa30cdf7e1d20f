"""Label maps: what they hold, and what they must not."""

import pytest
from data_files import rows
from data_files import write_csv

from simclrv2_tf.data import sources
from simclrv2_tf.data.label_map import read_label_map


def test_quoted_fields_of_a_label_map(tmp_path):
    text = 'label,class\n"a, b","fish, birds"\nc,\'dogs\'\n'
    (tmp_path / "map.csv").write_text(text)
    assert read_label_map(str(tmp_path / "map.csv")) == {
        "label": "class",
        "a, b": "fish, birds",
        "c": "'dogs'",
    }


def test_columns_are_named_above_numbers(tmp_path):
    path = tmp_path / "map.csv"
    for header in ("label,class", "label\tclass"):
        path.write_text(f"# ours\n{header}\nant,1\nbee,0.0\ncat,-1\n")
        expected = {"ant": 1, "bee": 0, "cat": None}
        assert read_label_map(str(path)) == expected
    for text in ("label,name\nant,1\n", "ant,1\nlabel,class\n"):
        path.write_text(text)
        with pytest.raises(ValueError, match="all of one kind"):
            read_label_map(str(path))
    write_csv(tmp_path / "all.csv", rows(named=True))
    path.write_text("label,class\nant,1\nbee,0\ncat,1\n")
    source = sources.open_source(f"csv:{tmp_path}/all.csv", label_map=str(path))
    assert source.class_names == ("bee", "ant")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("map.csv", "a,{}\nb,z\na,{}\n"),
        ("map.json", '{{"a": "{}", "b": "z", "a": "{}"}}'),
    ],
)
def test_label_maps_that_contradict_themselves(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text.format("x", "x"))
    assert read_label_map(str(path)) == {"a": "x", "b": "z"}
    for second in ("y", ""):
        path.write_text(text.format("x", second))
        message = f"each label one class. Received: 'x' and '{second}' for 'a'"
        with pytest.raises(ValueError, match=message):
            read_label_map(str(path))


def test_label_maps_of_json(tmp_path):
    path = tmp_path / "map.json"
    path.write_text('\ufeff{"a": 1, "b": 0, "c": null, "a": 1.0}')
    assert read_label_map(str(path)) == {"a": 1, "b": 0, "c": None}
    path.write_text('{"a": {"b": "x"}}')
    with pytest.raises(ValueError, match="{'b': 'x'} in the line of 'a'"):
        read_label_map(str(path))


def test_label_map_messages(tmp_path, caplog):
    write_csv(tmp_path / "all.csv", rows(named=True))
    name, path = f"csv:{tmp_path}/all.csv", tmp_path / "map.csv"
    for text, message in (
        ("ant,x\n", "must have a line for each class.*bee, cat"),
        ("ant,x\nbee,1\ncat,2\n", "names or as numbers, all of one kind"),
        ("ant\n", "lines of the form label,class. Received: 'ant' in line 1"),
        ("ant,0\nbee,2\ncat,2\n", "no label for class 1"),
        ("", "names or as numbers"),
        ('bee,y\n"ant,x\n', "; a quote opened in line 2 is not closed"),
        ('ant,"x\n', "; a quote opened in line 1 is not closed"),
        ('"a"nt,x\n', "of the form label,class. .*nt,x' in line 1"),
        ("ant,0.5\n", "Received: '0.5' in the line of 'ant' in `label_map`"),
        ("ant," + 2**18 * "x" + "\n", "lines of the form label,class"),
        ("ant,x|y\n", r"Received: 'x\|y' in the line of 'ant'"),
    ):
        path.write_text(text)
        with pytest.raises(ValueError, match=message):
            sources.open_source(name, label_map=str(path))
    with pytest.raises(ValueError, match="`label_map` .*nowhere.* be read"):
        sources.open_source(name, label_map=str(tmp_path / "nowhere"))
    path.write_text("\ufefflabel,class\nant,x\nbee,y\ncat,x\nbird,y\n")
    headed = sources.open_source(name, label_map=str(path))
    assert headed.class_names == ("x", "y")
    assert "labels that" in caplog.text
    assert caplog.text.rstrip().endswith("has not: bird")
    path.write_text("ant,0\nbee,\ncat,0\n")
    source = sources.open_source(name, label_map=str(path))
    assert source.class_names == ("ant",)
    assert source.labels.tolist() == [0, -1, 0] * 4


def test_a_map_of_numbers_is_known_as_one(tmp_path):
    write_csv(tmp_path / "all.csv", rows(named=True))
    name, path = f"csv:{tmp_path}/all.csv", tmp_path / "map.csv"
    assert not sources.open_source(name).numbered
    for text, numbered in (
        ("ant,1\nbee,0\ncat,\n", True),
        ("ant,x\nbee,y\ncat,\n", False),
    ):
        path.write_text(text)
        source = sources.open_source(name, label_map=str(path))
        assert source.numbered is numbered
        assert source.subset([0, 1]).numbered is numbered
