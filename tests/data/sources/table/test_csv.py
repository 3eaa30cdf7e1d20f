"""Tables of paths, Parquet and features by name: forms and messages."""

import numpy as np
import pytest
from data_files import ENCODED
from data_files import NAMES
from data_files import rows
from data_files import write_parquet
from data_files import write_records

from simclrv2_tf.data import sources
from simclrv2_tf.data.label_map import read_label_map
from simclrv2_tf.data.sources.table import parquet
from simclrv2_tf.data.storage import Encoded


def table(tmp_path, text, name="a.csv"):
    for index in range(3):
        (tmp_path / f"{index}.png").write_bytes(ENCODED[index])
    (tmp_path / name).write_text(text, encoding="utf-8")
    return f"csv:{tmp_path}/{name}"


@pytest.mark.parametrize(
    "text",
    [
        "path,label\n0.png,a\n1.png,b\n2.png,\n",
        "0.png,a\n1.png,b\n2.png\n",
        "0.png;a\r\n1.png;b\r\n\r\n2.png;\r\n",
        "\ufeffclass\tfile\na\t0.png\nb\t1.png\n\t2.png\n",
        'image,x,label\n"0.png",1,a\n./1.png,2,b\n2.png,3,\n',
        "\n\npath,label\n0.png,a\n1.png,b\n2.png,\n",
        "# image, exported by hand\npath,label\n0.png,a\n1.png,b\n2.png,\n",
        "sep=,\npath,label\n0.png,a\n1.png,b\n2.png,\n",
        "\ufeffSEP=;\r\nlabel;path\r\na;0.png\r\nb;1.png\r\n;2.png\r\n",
        "sep=^\npath^label\n0.png^a\n1.png^b\n2.png^\n",
        "Our photos\n\nlabel|path\na|0.png\nb|1.png\n|2.png\n",
        "# label,path\na,0.png\nb,1.png\n,2.png\n",
        "# no names\n0.png,a\n1.png,b\n2.png,\n",
    ],
)
def test_forms_of_tables(tmp_path, text):
    source = sources.open_source(table(tmp_path, text))
    assert source.class_names == ("a", "b")
    assert source.labels.tolist() == [0, 1, -1]
    assert [source.encoded_bytes(i) for i in range(3)] == ENCODED[:3]


def test_lines_before_the_names_are_counted(tmp_path):
    text = "# exported\n\nsep=;\nfile;class\n0.png;a\n1.png;b\n"
    source = sources.open_source(table(tmp_path, text))
    assert source.class_names == ("a", "b")
    assert source.notes == (
        f"passed over: 2 lines before the rows of '{tmp_path}/a.csv'",
    )
    text = "# exported\nfile;class\n0.png;a\n1.png;2.5\n"
    with pytest.raises(ValueError, match="Received: '2.5' in row 4 of"):
        sources.open_source(table(tmp_path, text))


def test_a_header_is_told_from_data(tmp_path):
    """A class may be called "image"; a file may have no ending."""
    source = sources.open_source(table(tmp_path, "0.png,image\n1.png,text\n"))
    assert source.class_names == ("image", "text")
    assert source.num_examples == 2
    (tmp_path / "#1.png").write_bytes(ENCODED[0])
    marked = sources.open_source(table(tmp_path, "#1.png,a\n1.png,b\n"))
    assert marked.encoded_bytes(0) == ENCODED[0]
    (tmp_path / "x1").write_bytes(ENCODED[0])
    (tmp_path / "x2").write_bytes(ENCODED[0])
    bare = sources.open_source(table(tmp_path, "x1,a\nx2,b\n"))
    assert bare.num_examples == 2
    with pytest.raises(ValueError, match="must call the column of paths"):
        sources.open_source(table(tmp_path, "photograph,kind\nx1,a\nx2,b\n"))


def test_paths_alone_absolute_ones_and_splits(tmp_path):
    bare = sources.open_source(table(tmp_path, "0.png\n1.png\n"))
    assert bare.class_names is None
    text = f"path,label,split\n{tmp_path}/0.png,a,train\n1.png,b,train\n"
    name = table(tmp_path, text + "2.png,b,test\n")
    assert sources.open_source(name, "train").num_examples == 2
    test = sources.open_source(name, "test")
    assert (test.class_names, test.labels.tolist()) == (("a", "b"), [1])


def test_columns_by_name(tmp_path):
    name = table(tmp_path, "a,b,c\nx,0.png,m\ny,1.png,n\n")
    source = sources.open_source(name, image_feature="b", label_feature="c")
    assert source.class_names == ("m", "n")
    with pytest.raises(ValueError, match="must have the column 'd'"):
        sources.open_source(name, image_feature="d")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no image"),
        ("path,label\n", "names no image"),
        ("path,label\n,a\n", "must name an image in each row.*row 2"),
        ("img_name,kind\n0.png,a\n", "must call the column of paths"),
        ("id,name,kind\n7,0.png,a\n", "must call the column of paths"),
        ("id,breed\n000bec18,beagle\n", "must call the column of paths"),
        ("0.png,-7\n", "-1 for unlabelled. Received: -7 in row 1 of .*a.csv"),
        (
            "path,label\n0.png,a\n\n1.png,20.5\n",
            "Received: '20.5' in row 4 of the file .*a.csv.*no fractions",
        ),
        ("0.png,a\n1.png,NaN\n", "Received: 'NaN' in row 2 of .*empty"),
    ],
)
def test_messages_of_tables(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        sources.open_source(table(tmp_path, text))


def test_unknown_labels_and_capital_splits(tmp_path, caplog):
    text = "filename,breed,split\n0.png,a,Train\n1.png,b,Train\n2.png,a,Test\n"
    name = table(tmp_path, text)
    assert sources.open_source(name, "train").class_names is None
    assert "--label_feature names one" in caplog.text
    known = sources.open_source(name, "test", label_feature="breed")
    assert (known.class_names, known.num_examples) == (("a", "b"), 1)


def test_floats_of_pandas_are_labels(tmp_path):
    pairs = list(zip(ENCODED[:3], [0.0, 1.0, None], strict=True))
    write_parquet(tmp_path / "a.parquet", pairs)
    source = sources.open_source(f"parquet:{tmp_path}/a.parquet")
    assert source.labels.tolist() == [0, 1, -1]
    same = sources.open_source(
        table(tmp_path, "0.png,0.0\n1.png,1.0\n2.png,\n")
    )
    assert same.class_names == source.class_names == ("0", "1")
    assert same.labels.tolist() == [0, 1, -1]


def test_zeros_before_a_number_belong_to_the_name(tmp_path):
    text = "path,label\n0.png,001\n1.png,1\n2.png,010\n"
    source = sources.open_source(table(tmp_path, text))
    assert source.class_names == ("001", "1", "010")
    map_ = tmp_path / "map.csv"
    map_.write_text("001,1\n1,1\n010,010\n")
    with pytest.raises(
        ValueError, match="all of one kind. Received: 1, 1, 010"
    ):
        sources.open_source(table(tmp_path, text), label_map=str(map_))
    map_.write_text("001,one\n1,one\n010,010\n")
    joined = sources.open_source(table(tmp_path, text), label_map=str(map_))
    assert joined.class_names == ("one", "010")
    assert joined.labels.tolist() == [0, 0, 1]


def test_class_names_of_hugging_face(tmp_path):
    write_parquet(tmp_path / "a.parquet", rows(), names=list(NAMES))
    source = sources.open_source(f"parquet:{tmp_path}/a.parquet")
    assert source.class_names == NAMES
    wrong = [(image, 5) for image, _ in rows()]
    write_parquet(tmp_path / "b.parquet", wrong, names=list(NAMES))
    with pytest.raises(
        ValueError, match=r"label 5 in row 0 of .*b\.parquet' is outside"
    ):
        sources.open_source(f"parquet:{tmp_path}/b.parquet")


def test_large_parquet_is_read_in_place(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "MEMORY_LIMIT", 0)
    write_parquet(tmp_path / "a.parquet", rows(), row_group_size=5)
    source = sources.open_source(f"parquet:{tmp_path}/a.parquet")
    assert not isinstance(source.storage, Encoded)
    few = source.subset(np.array([11, 0, 7]))
    assert [few.encoded_bytes(i) for i in range(3)] == [
        ENCODED[i] for i in (11, 0, 7)
    ]


def test_parquet_without_images(tmp_path):
    write_parquet(tmp_path / "a.parquet", [(None, 0), (ENCODED[0], 0)])
    some = sources.open_source(f"parquet:{tmp_path}/a.parquet")
    assert some.storage.array.tolist() == [
        b"",
        ENCODED[0],
    ]  # counted as unreadable
    write_parquet(tmp_path / "b.parquet", [(None, 0), (None, 0)])
    with pytest.raises(ValueError, match="Received: none in row 0 of group 0"):
        sources.open_source(f"parquet:{tmp_path}/b.parquet")
    with pytest.raises(ValueError, match="must have the column 'x'"):
        sources.open_source(f"parquet:{tmp_path}/a.parquet", image_feature="x")


def test_features_by_name(tmp_path):
    examples = [
        {"image/encoded": image, "text": NAMES[label], "number": label}
        for image, label in rows()
    ]
    path = write_records(tmp_path / "a.tfrecord", examples)
    bare = sources.open_source(f"tfrecord:{path}")
    assert bare.class_names is None
    named = sources.open_source(f"tfrecord:{path}", label_feature="text")
    assert named.class_names == NAMES
    with pytest.raises(ValueError, match="must hold an encoded image.*numbers"):
        sources.open_source(f"tfrecord:{path}", image_feature="number")
    strange = write_records(tmp_path / "b.tfrecord", [{"picture": ENCODED[0]}])
    with pytest.raises(ValueError, match="features picture, of bytes picture"):
        sources.open_source(f"tfrecord:{strange}")


def test_an_image_has_one_label(tmp_path):
    text = "path,label\n0.png,a\n1.png,b\n0.png,b\n"
    message = "one label. Received: 'a' and 'b' for .*0.png.*rows 2 and 4 of"
    with pytest.raises(ValueError, match=message):
        sources.open_source(table(tmp_path, text))
    message = "'a' and 'b' for .*/x/../0.png.*rows 2 and 3 of"
    with pytest.raises(ValueError, match=message):
        sources.open_source(
            table(tmp_path, "path,label\n./0.png,a\nx/../0.png,b\n")
        )


def test_rows_that_list_an_image_again(tmp_path, caplog):
    text = f"0.png,3\n1.png,4\n./0.png,3.0\n2.png,\n{tmp_path}/1.png,4\n"
    name = table(tmp_path, text, "again.csv")
    for _ in range(2):
        source = sources.open_source(name, label_map=_map(tmp_path))
        assert source.labels.tolist() == [0, 1, -1]
        assert [source.encoded_bytes(i) for i in range(3)] == ENCODED[:3]
    (message,) = [r.message for r in caplog.records if "again," in r.message]
    assert message.endswith(f"passed over: 2 of '{tmp_path}/again.csv'")
    # Another spelling in a bucket may be another image.
    rows = "gs://b/0.png,a\ngs://b/./0.png,b\n"
    assert sources.open_source(table(tmp_path, rows)).num_examples == 2


def _map(tmp_path):
    (tmp_path / "map.csv").write_text("3,a\n4,b\n")
    return str(tmp_path / "map.csv")


def test_quotes_that_are_right(tmp_path):
    (tmp_path / 'a, "b"\n.png').write_bytes(ENCODED[3])
    text = 'path,label\n"a, ""b""\n.png",""\n"0.png","x, y"\n1.png,5" w\n'
    source = sources.open_source(table(tmp_path, text))
    assert source.class_names == ('5" w', "x, y")
    assert source.encoded_bytes(0) == ENCODED[3]
    wide = text + "2.png,a,b\n"
    with pytest.raises(ValueError, match="line 6 has 3 cells where the head"):
        sources.open_source(table(tmp_path, wide))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('"500.png,a', "a quote opened in line 501 is not closed; close it"),
        ('"x\n""y"\n,"a', "quote opened in line 503 is not closed"),
        ('500.png,"', "quote opened in line 501 is not closed"),
        ('"5"00.png,a', "quote opened in line 501 is closed before its cell"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("rest", [0, 1, 20000])
def test_a_quote_that_is_not_closed(tmp_path, row, message, end, rest):
    """However far it reaches: csv's limit on a cell is 131,072 letters."""
    lines = ["path,label", *(f"{i}.png,a" for i in range(1, 500)), row]
    lines += [f"{i}.png,a" for i in range(501, 501 + rest)]
    text = "\n".join(lines).replace("\n", end)
    (tmp_path / "a.csv").write_bytes(text.encode())
    with pytest.raises(ValueError, match=rf"a\.csv' cannot .*{message}"):
        sources.open_source(f"csv:{tmp_path}/a.csv")


def test_an_unclosed_quote_ends_within_no_later_cell(tmp_path):
    text = 'path,label\n"0.png,a\n"1.png","b"\n'
    with pytest.raises(ValueError, match="line 2 is closed before its cell"):
        sources.open_source(table(tmp_path, text))


def test_two_columns_of_one_name(tmp_path):
    text = "path,label,Label,x,x\n0.png,a,b,1,2\n1.png,b,a,1,2\n"
    name = table(tmp_path, text)
    with pytest.raises(ValueError, match="one column 'label'.*label, Label, x"):
        sources.open_source(name)
    source = sources.open_source(name, label_feature="Label")
    assert source.labels.tolist() == [1, 0]
    with pytest.raises(ValueError, match=r"one column 'x'. .*; rename the oth"):
        sources.open_source(name, label_feature="x")
    blank = table(tmp_path, "path,label,,\n0.png,a,,\n1.png,b,,\n")
    assert sources.open_source(blank).num_examples == 2


def test_more_cells_than_the_header(tmp_path):
    text = "path,label\n0.png,a,\n1.png,b,,\nmy, photo1.png,cat\n"
    message = "line 4 has 3 cells where the header has 2; put quotes around a"
    with pytest.raises(ValueError, match=f"{message} name with commas"):
        sources.open_source(table(tmp_path, text))
    with pytest.raises(ValueError, match=f"{message} name with semicolons"):
        sources.open_source(table(tmp_path, text.replace(",", ";")))
    fine = table(tmp_path, "\n".join(text.splitlines()[:3]))
    assert sources.open_source(fine).num_examples == 2


def test_more_cells_than_the_first_row_without_names(tmp_path):
    text = "0.png,a,\n1.png,b\nmy, photo1.png,cat\n"
    message = "line 3 has 3 cells where the first row has 2; put quotes around"
    with pytest.raises(ValueError, match=message):
        sources.open_source(table(tmp_path, text.replace("a,", "a")))
    first_lacks_its_label = table(tmp_path, "0.png\n1.png,b\n")
    assert sources.open_source(first_lacks_its_label).labels.tolist() == [-1, 0]
    more = table(tmp_path, "0.png,a,x\n1.png,b,y\n")
    assert sources.open_source(more).labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("encoding", "reason"),
    [
        ("utf-16", "what looks like UTF-16"),
        ("utf-16-le", "what looks like UTF-16"),
        ("utf-16-be", "what looks like UTF-16"),
        ("latin-1", "invalid continuation byte at byte 18"),
    ],
)
def test_tables_in_another_encoding(tmp_path, encoding, reason):
    path = tmp_path / "a.csv"
    message = rf"{path}' must be text in UTF-8. Received: {reason}; save it"
    path.write_bytes("path,label\n0.png,k\u00e4se\n".encode(encoding))
    with pytest.raises(ValueError, match=f"The file '{message}"):
        sources.open_source(f"csv:{path}")
    with pytest.raises(ValueError, match=f"`label_map` '{message}"):
        read_label_map(str(path))


@pytest.mark.parametrize("word", ["NA", "na", "N/A", "None", "null", "NULL"])
def test_words_for_no_label(tmp_path, word):
    message = f"Received: '{word}' in row 2 of .*without a class empty, or give"
    with pytest.raises(ValueError, match=message):
        sources.open_source(table(tmp_path, f"0.png,a\n1.png,{word}\n"))


def test_classes_that_are_written_alike_are_told(tmp_path):
    name = table(tmp_path, "path,label\n0.png,Big Cat\n1.png,bigcat\n2.png,b\n")
    source = sources.open_source(name)
    assert source.num_classes == 3
    assert source.notes == (
        "the classes 'Big Cat', 'bigcat' differ in capitals or spaces alone: "
        "--label_map joins them",
    )


def splits_of_rows(*names):
    lines = [f"{place}.png,a,{name}" for place, name in enumerate(names)]
    return "\n".join(["path,label,split", *lines])


def test_a_column_of_splits_under_another_name_is_told(tmp_path):
    rows = "0.png,train,a\n1.png,test,b\n"
    (note,) = sources.open_source(
        table(tmp_path, f"path,data set,label\n{rows}")
    ).notes
    assert "the column 'data set' of" in note and "call it 'split'" in note
    (tmp_path / "a.csv").unlink()
    classes = "0.png,train\n1.png,plane\n"  # a class may be called so
    assert not sources.open_source(
        table(tmp_path, f"path,label\n{classes}")
    ).notes


def test_splits_that_a_job_does_not_look_at_are_told(tmp_path, caplog):
    text = splits_of_rows("train", "holdout", "fold2")
    name = table(tmp_path, text)
    for _ in range(2):
        sources.open_source(name, "train[:100%]")
        sources.open_source(name, "holdout")
    (message,) = caplog.messages
    assert message == (
        f"the file '{tmp_path}/a.csv' has images that a job neither trains nor "
        "is evaluated on unless --train_split or --eval_split names their "
        "split: 'holdout' (rows: 1), 'fold2' (rows: 1)"
    )


@pytest.mark.parametrize(
    ("names", "idle"),
    [
        (("train", "validation", "test"), None),
        (("train", "test", "Train"), None),
        (("train", "dev", "train"), None),
        (("train", "val", "validation"), "'val' (rows: 1)"),
        (("train", "unlabelled", "unlabelled"), "'unlabelled' (rows: 2)"),
    ],
)
def test_splits_that_it_does(tmp_path, names, idle, caplog):
    name = table(tmp_path, splits_of_rows(*names))
    sources.open_source(name, "train")
    splits = [message.split("split: ")[1] for message in caplog.messages]
    assert splits == ([idle] if idle else [])
    caplog.clear()
    sources.split_names(name)
    sources.open_source(name, names[1].lower())
    assert not caplog.messages
