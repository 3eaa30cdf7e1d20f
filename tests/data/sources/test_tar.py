"""Tar shards: what is a sample, and what is no tar."""

import bz2
import gzip
import io
import lzma
import re
import tarfile

import pytest
from data_files import ENCODED
from data_files import rows
from data_files import write_members
from data_files import write_pairs
from data_files import write_tar

from simclrv2_tf.data import sources


def opened(path, **options):
    return sources.open_source(f"tar:{path}", **options)


def test_samples_share_their_name_up_to_the_first_dot(tmp_path):
    path = write_members(
        tmp_path / "a.tar",
        {
            "x/1.cls": b"bee\n",
            "x/1.left.png": ENCODED[0],
            "y/1.png": ENCODED[1],  # another sample than x/1
            "y/1.json": b'{"label": "ant", "caption": "..."}',
            "y/2.png": ENCODED[2],  # without a label
            "y/readme.txt": b"no sample",
        },
    )
    source = opened(path)
    assert source.class_names == ("ant", "bee")
    assert source.labels.tolist() == [1, 0, -1]
    read = [source.encoded_bytes(index) for index in range(3)]
    assert read == ENCODED[:3]
    assert "a.tar" in source.where(0)
    assert source.notes == ("passed over, without an image: samples of txt 1",)


def test_several_images_of_one_sample(tmp_path):
    members = {f"photo.{n:03d}.png": ENCODED[n] for n in range(3)}
    path = write_members(tmp_path / "a.tar", members)
    with pytest.raises(ValueError, match="must have one image. .*000.png"):
        opened(path)
    assert opened(path, image_feature="001.png").num_examples == 1


def test_endings_by_name(tmp_path):
    path = write_members(
        tmp_path / "a.tar",
        {
            "1.png": ENCODED[0],
            "1.mask": ENCODED[1],
            "1.kind": b"a",
            "1.json": b'{"genus": 7, "label": 1}',
            "2.png": ENCODED[0],
            "2.mask": ENCODED[2],
            "2.kind": b"b",
            "2.json": b'{"genus": 8}',
        },
    )
    masks = opened(path, image_feature="mask", label_feature="kind")
    assert masks.encoded_bytes(1) == ENCODED[2]
    assert masks.class_names == ("a", "b")
    (tmp_path / "map.json").write_text('{"7": "cats", "8": "dogs"}')
    genus = opened(
        path,
        label_feature="json.genus",
        label_map=str(tmp_path / "map.json"),
    )
    assert genus.class_names == ("cats", "dogs")
    assert genus.labels.tolist() == [0, 1]


@pytest.mark.parametrize("name", ["../1.png", "/1.png", "a/../../1.png"])
def test_paths_that_leave_the_directory(tmp_path, name):
    path = write_members(tmp_path / "a.tar", {name: ENCODED[0]})
    with pytest.raises(
        ValueError, match=r"a\.tar' has a member outside.*1\.png"
    ):
        opened(path)


def test_links_are_not_followed(tmp_path):
    link = tarfile.TarInfo("2.png")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    image = tarfile.TarInfo("1.png")
    image.size = len(ENCODED[0])
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        tar.addfile(link)
        tar.addfile(image, io.BytesIO(ENCODED[0]))
    source = opened(tmp_path / "a.tar")
    assert source.num_examples == 1
    assert source.notes == ("passed over, without an image: links 1",)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_tar_cut_short(tmp_path, share):
    path = write_tar(tmp_path / "a.tar", rows())
    with open(path, "rb") as file:
        data = file.read().rstrip(b"\0")
    (tmp_path / "cut.tar").write_bytes(data[: int(share * len(data))])
    with pytest.raises(ValueError, match=r"cut\.tar' is no whole tar file"):
        opened(tmp_path / "cut.tar")


def test_a_header_damaged_in_the_middle(tmp_path):
    """`tarfile` takes it for the end and says nothing."""
    path = write_tar(tmp_path / "a.tar", rows())
    with open(path, "r+b") as file:
        file.seek(1024 * 2)  # behind the first image and its label
        while file.read(4) not in (b"0001", b"0002"):
            file.seek(508, 1)
        file.seek(144, 1)
        file.write(b"\xff" * 8)
    with pytest.raises(ValueError, match="damaged after"):
        opened(path)


@pytest.mark.parametrize(
    ("compress", "command"),
    [
        (gzip.compress, "gunzip"),
        (bz2.compress, "bunzip2"),
        (lzma.compress, "unxz"),
        (lambda data: b"\x28\xb5\x2f\xfd" + data, "unzstd"),
    ],
)
def test_a_compressed_tar(tmp_path, compress, command):
    path = write_tar(tmp_path / "a.tar", rows())
    with open(path, "rb") as file:
        (tmp_path / "b.tar").write_bytes(compress(file.read()))
    with pytest.raises(ValueError, match=f"is compressed: {command} it, as"):
        opened(tmp_path / "b.tar")


def test_no_image_and_no_label(tmp_path):
    path = write_members(tmp_path / "a.tar", {"1.txt": b"x"})
    with pytest.raises(ValueError, match="holds no image; expected members"):
        opened(path)
    path = write_members(
        tmp_path / "b.tar", {"1.png": ENCODED[0], "1.json": b"[1"}
    )
    with pytest.raises(ValueError, match="label of the sample '1' of the file"):
        opened(path)


def test_a_shard_that_disappears(tmp_path):
    path = tmp_path / "a.tar"
    source = opened(write_tar(path, rows()))
    data = path.read_bytes()
    path.write_bytes(data[:700])
    with pytest.raises(ValueError, match=r"a\.tar' has become shorter"):
        source.encoded_bytes(5)
    path.unlink()
    with pytest.raises(ValueError, match=r"a\.tar', which was there"):
        source.encoded_bytes(5)


@pytest.mark.parametrize(
    ("first", "second"),
    [("0.png", "0.png"), ("0.png", "0.PNG"), ("0.png", "./0.png")],
)
def test_two_members_of_one_name(tmp_path, first, second):
    """Samples of two classes, both numbered from 0."""
    pairs = [(first, ENCODED[0]), ("0.cls", b"0"), (second, ENCODED[1])]
    path = write_pairs(tmp_path / "a.tar", pairs)
    message = f"a.tar' has two members .*'{first}' at byte 512 and '{second}'"
    with pytest.raises(ValueError, match=message):
        opened(path)


def test_two_labels_of_one_name(tmp_path):
    pairs = [("0.png", ENCODED[0]), ("0.cls", b"0"), ("0.cls", b"1")]
    path = write_pairs(tmp_path / "a.tar", pairs)
    with pytest.raises(ValueError, match="two members .*'0.cls' .*'0.cls'"):
        opened(path)


def test_images_under_other_endings(tmp_path):
    members = {"1.jfif": ENCODED[0], "1.cls": b"a", "2": ENCODED[1]}
    source = opened(write_members(tmp_path / "a.tar", members))
    assert source.labels.tolist() == [0, -1]
    assert [source.encoded_bytes(i) for i in range(2)] == ENCODED[:2]
    assert source.notes == ()


def write_json(path, *contents):
    members = {}
    for number, content in enumerate(contents):
        members[f"{number}.png"] = ENCODED[number]
        members[f"{number}.json"] = content.encode()
    return write_members(path, members)


@pytest.mark.parametrize(
    "feature", ["json.className", "JSON.className", ".json.className"]
)
def test_fields_keep_their_capitals(tmp_path, feature):
    """Endings do not: those of members are known in small letters."""
    path = write_json(
        tmp_path / "a.tar", '{"className": "b"}', "{}", '{"className": "a"}'
    )
    source = opened(path, label_feature=feature)
    assert source.class_names == ("a", "b")
    assert source.labels.tolist() == [1, -1, 0]


@pytest.mark.parametrize(
    ("feature", "kept"), [("CLS", "cls"), (".Cls", "CLS"), ("a.Cls", "A.cls")]
)
def test_endings_in_whatever_letters(tmp_path, feature, kept):
    members = {"1.png": ENCODED[0], f"1.{kept}": b"bee"}
    path = write_members(tmp_path / "a.tar", members)
    assert opened(path, label_feature=feature).class_names == ("bee",)


def test_images_alone_are_unlabelled_whatever_is_asked_for(tmp_path):
    members = {"1.png": ENCODED[0], "2.jpg": ENCODED[1]}
    path = write_members(tmp_path / "a.tar", members)
    source = opened(path, label_feature="cls")
    assert source.labels.tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("feature", "known"),
    [
        ("json.lable", "json.caption, json.label, png"),
        ("json.Label", "json.caption, json.label, png"),
        ("clss", "json, png"),
        ("png.label", "json, png"),  # only JSON has fields
    ],
)
def test_a_label_that_no_sample_has(tmp_path, feature, known):
    path = write_json(
        tmp_path / "a.tar", '{"label": 1}', '{"caption": "", "label": 0}'
    )
    message = (
        f"The file {path!r} must have the label {feature!r}, an ending or "
        f"json.FIELD, in a sample. Received: {known}"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        opened(path, label_feature=feature)


def test_json_without_a_usual_field(tmp_path):
    path = write_json(tmp_path / "a.tar", '{"genus": 7}', '{"caption": ""}')
    message = "the label 'json', .*Received: json.caption, json.genus, png"
    with pytest.raises(ValueError, match=message):
        opened(path, label_feature="json")
    assert opened(path).labels.tolist() == [-1, -1]


def test_a_label_that_one_shard_has(tmp_path):
    """Those of the others are unlabelled, as single samples are."""
    write_json(tmp_path / "a.tar", '{"kind": ""}')
    write_json(tmp_path / "b.tar", '{"genus": null}')
    write_json(tmp_path / "c.tar", '{"genus": "ant"}')
    source = opened(tmp_path, label_feature="json.genus")
    assert source.labels.tolist() == [-1, -1, 0]
    with pytest.raises(ValueError, match="a.tar' and others must have the lab"):
        opened(tmp_path, label_feature="json.species")
