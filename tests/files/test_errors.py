"""What a system says of a file, in one sentence."""

import errno
import os

import pytest
import tensorflow as tf

from simclrv2_tf.files.cores import cores
from simclrv2_tf.files.errors import file_errors
from simclrv2_tf.files.errors import first_line
from simclrv2_tf.files.paths import is_remote


@pytest.mark.parametrize(
    ("error", "doing", "words"),
    [
        (OSError(errno.ENOSPC, "full"), "written", "the disk is full"),
        (OSError(errno.EACCES, "no"), "read", "no permission"),
        (OSError(errno.EIO, "no"), "written", "choose another place"),
        (OSError(errno.ENOENT, "no"), "read", "a file is missing"),
        (EOFError("short"), "read", r"truncated or damaged \(short\)"),
        (
            tf.errors.DataLossError(None, None, "bad block\nmore"),
            "read",
            r"truncated or damaged \(bad block\)",
        ),
        (
            tf.errors.ResourceExhaustedError(None, None, "x"),
            "written",
            "the disk is full",
        ),
    ],
)
def test_errors_of_files_are_sentences(error, doing, words):
    with pytest.raises(ValueError, match=f"'a/b' cannot be {doing}.*{words}"):
        with file_errors("a/b", doing):
            raise error


def test_other_errors_pass():
    with pytest.raises(KeyError), file_errors("a/b"):
        raise KeyError("x")


def test_the_first_line_of_an_error():
    assert first_line(ValueError("one\ntwo")) == "one"
    assert first_line(ValueError("\n one.\ntwo")) == "one."
    assert first_line(ValueError()) == "ValueError"
    assert first_line(tf.errors.NotFoundError(None, None, "gone")) == "gone"


def test_paths_of_buckets():
    assert is_remote("gs://bucket/x")
    assert not is_remote("/data/x") and not is_remote("x:y")


def test_cores_are_those_of_this_process():
    assert 1 <= cores() <= (os.cpu_count() or 1)
