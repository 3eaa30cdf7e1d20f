"""JSON in files: what is read, and what is made of damage."""

import subprocess
import sys

import pytest

from simclrv2_tf.files.json_files import read_checked
from simclrv2_tf.files.json_files import read_dictionary
from simclrv2_tf.files.json_files import read_if_there
from simclrv2_tf.files.json_files import write_json

# What Python says of each.
DAMAGED = {
    b"": "Expecting value",
    b"{": "Expecting property name",
    b'{"a": \xff}': "can't decode byte 0xff",
    b"[" * 100_000: "maximum recursion depth",
}


@pytest.fixture(params=["", "file://"])
def path(request, tmp_path):
    """A file that is not there yet, of this machine and as in a bucket."""
    return tmp_path / "x.json", f"{request.param}{tmp_path}/x.json"


def test_what_is_there_is_read(path):
    path[0].write_text('{"a": [1, "ä"]}', encoding="utf-8")
    for read in (read_dictionary, read_if_there):
        assert read(path[1]) == {"a": [1, "ä"]}


def test_a_missing_file_holds_nothing(path):
    for missing in (path[1], f"{path[1]}/below"):
        assert read_dictionary(missing) == {}
        assert read_if_there(missing) is None


def test_neither_does_one_below_a_file(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    assert read_dictionary(str(tmp_path / "x.json" / "below")) == {}
    assert read_if_there(str(tmp_path / "x.json" / "below")) is None


@pytest.mark.parametrize("data", [*DAMAGED, b"[1]", b"3"])
def test_damage_is_no_dictionary(path, data):
    path[0].write_bytes(data)
    assert read_dictionary(path[1]) == {}


@pytest.mark.parametrize(("data", "words"), DAMAGED.items())
def test_damage_is_not_taken_for_a_missing_file(path, data, words):
    path[0].write_bytes(data)
    with pytest.raises((ValueError, RecursionError), match=words):
        read_if_there(path[1])


def test_what_cannot_be_read(path):
    path[0].mkdir()
    assert read_dictionary(path[1]) == {}
    with pytest.raises(OSError, match="Is a directory"):
        read_if_there(path[1])


def checked(path):
    return read_checked(path, "a cat's name", "ask the cat")


def test_a_checked_file_is_a_dictionary_or_missing(path):
    assert checked(path[1]) == {}
    path[0].write_text('{"name": "Käthe"}', encoding="utf-8")
    assert checked(path[1]) == {"name": "Käthe"}
    assert checked(f"{path[0]}/below") == {}


@pytest.mark.parametrize("data", [*DAMAGED, b"[]", b"[1]", b"null"])
def test_a_checked_file_that_holds_none(path, data):
    path[0].write_bytes(data)
    with pytest.raises(
        ValueError,
        match=r"The file '.*x.json' must hold a cat's name, and does not: ask",
    ):
        checked(path[1])


def test_a_checked_file_that_cannot_be_read(path):
    path[0].mkdir()
    with pytest.raises(ValueError, match="x.json' cannot be read: "):
        checked(path[1])


def test_what_is_written_is_read(path):
    write_json(path[1], {"a": [1, "ä"]})
    assert path[0].read_text() == '{\n  "a": [\n    1,\n    "\\u00e4"\n  ]\n}\n'
    assert checked(path[1]) == {"a": [1, "ä"]}


def test_what_is_written_may_end_otherwise(path):
    write_json(path[1], {"a": {1}}, end="", default=list)
    assert path[0].read_text() == '{\n  "a": [\n    1\n  ]\n}'


def test_what_json_cannot_hold_writes_nothing(path):
    path[0].write_text("{}")
    with pytest.raises(TypeError, match="set is not JSON serializable"):
        write_json(path[1], {"a": {1}})
    assert path[0].read_text() == "{}"


def test_local_files_need_no_tensorflow(tmp_path):
    (tmp_path / "x").write_text('{"a": 1}')
    code = (
        "import sys\n"
        "from simclrv2_tf.files import json_files\n"
        f"found = json_files.read_dictionary({str(tmp_path / 'x')!r})\n"
        f"again = json_files.read_checked({str(tmp_path / 'x')!r}, '', '')\n"
        "print(found == again, found, 'tensorflow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "True {'a': 1} False"
