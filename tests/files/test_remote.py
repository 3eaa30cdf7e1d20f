"""Files of a bucket as what Python's own libraries read."""

import io
import zipfile

import pytest

from simclrv2_tf.files.remote import open_binary

DATA = bytes(range(256)) * 5


@pytest.fixture(params=["", "file://"])
def path(request, tmp_path):
    (tmp_path / "x").write_bytes(DATA)
    return f"{request.param}{tmp_path}/x"


def test_reading_and_seeking(path):
    with open_binary(path) as file:
        assert file.read(3) == b"\0\1\2"
        assert file.seek(-2, io.SEEK_END) == len(DATA) - 2
        assert file.read() == b"\xfe\xff"
        assert file.read() == b""
        file.seek(10)
        assert file.seek(5, io.SEEK_CUR) == file.tell() == 15
        assert file.read(1) == b"\x0f"


def test_a_library_reads_it(path, tmp_path):
    with zipfile.ZipFile(tmp_path / "x", "w") as archive:
        archive.writestr("inside", "text")
    with open_binary(path) as file, zipfile.ZipFile(file) as archive:
        assert archive.read("inside") == b"text"


def test_what_is_not_there_is_an_error_of_the_system(path):
    with pytest.raises(FileNotFoundError, match="No such file or directory"):
        open_binary(f"{path}.none")
