"""What a system says of a file, in one sentence."""

import errno
import os
import re

import pytest
import tensorflow as tf

from simclrv2_tf.data.decode.rgb import decode_image
from simclrv2_tf.data.decode.rgb import decoder
from simclrv2_tf.files.errors import file_errors
from simclrv2_tf.files.errors import first_line
from simclrv2_tf.files.errors import in_words
from simclrv2_tf.files.paths import is_remote
from simclrv2_tf.machine.cores import cores


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
        (
            tf.errors.ResourceExhaustedError(None, None, "OOM on the GPU"),
            "read",
            r"the memory is used up \(OOM on the GPU\); give --mixed",
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


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\0\0\0\1" * 8, "Invalid PNG. Failed to"),
        (b"\xff\xd8\xff" + b"\0" * 30, "Invalid JPEG data, size 33"),
        (b"GIF89a" + b"\1" * 30, "Expected a GIF with an image .*, byte: 1$"),
        (b"<html>404</html>", "Expected an image as JPEG, PNG"),
        (b"", "Expected an encoded image of 1 to 134217728 .* in bytes: 0$"),
    ],
)
def test_the_reason_of_a_corrupt_image_is_that_of_its_decoder(bad, reason):
    """Alike in a graph, whose error begins with "Graph execution error:"."""
    for decode in (decode_image, decoder()):
        with pytest.raises(tf.errors.OpError) as raised:
            decode(tf.constant(bad))
        assert re.match(reason, first_line(raised.value))


def test_the_first_line_of_several_errors():
    text = (
        "Graph execution error:\n\nDetected at node DecodePng defined at (most "
        "recent call last):\n<stack traces unavailable>\n2 root error(s) "
        "found.\n  (0) INVALID_ARGUMENT:  Invalid PNG. Bad\n\t [[{{node x}}]]"
    )
    error = tf.errors.InvalidArgumentError(None, None, text)
    assert first_line(error) == "Invalid PNG. Bad"


OOM = "OOM when allocating tensor with shape[9] and type float by allocator x"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("ResourceExhausted", f"{OOM} [Op:Fill] name: "),
        (
            "ResourceExhausted",
            "Graph execution error:\n\nDetected at node x defined at (most "
            f"recent call last):\n<stack traces unavailable>\n{OOM}\n\t "
            "[[{{node x}}]]\nHint: If you want to see a list of allocated "
            "tensors [Op:__inference_x_1]",
        ),
        (
            "ResourceExhausted",
            "Out of memory while trying to allocate 2 bytes.",
        ),
        ("ResourceExhausted", "failed to allocate memory [Op:Mul]"),
        ("Internal", "Failed to load: CUDA_ERROR_OUT_OF_MEMORY"),
        ("Internal", "CUDNN_STATUS_ALLOC_FAILED in x.cc"),
    ],
)
def test_memory_that_is_used_up_is_told_with_what_helps(kind, text):
    error = getattr(tf.errors, f"{kind}Error")(None, None, text)
    said = in_words(error)
    reason = re.escape(first_line(error).rstrip("."))
    ways = (
        "--train_batch_size",
        "--gradient_cache_microbatch",
        "--remat",
        "--mixed_precision=bfloat16",
        "--eval_batch_size",
    )
    assert re.match(rf"The memory is used up \({reason}\): ", said)
    assert all(way in said for way in ways)
    assert "\n" not in said and said.endswith(".")


def test_a_file_system_that_is_not_known_is_told_with_what_is():
    with pytest.raises(tf.errors.UnimplementedError) as raised:
        tf.io.gfile.exists("s3://me:word@bucket/run")
    assert in_words(raised.value) == (
        "File system scheme 's3' not implemented (file: "
        "'s3://***@bucket/run'): give a path of this machine, or one that "
        "TensorFlow can reach, such as gs://."
    )


@pytest.mark.parametrize(
    "text", ["/x/y; No space left on device", "/x/y; Permission denied"]
)
def test_other_errors_of_tensorflow_are_their_first_line(text):
    error = tf.errors.ResourceExhaustedError(None, None, f"{text}\nmore")
    assert in_words(error) == f"{text}."


def test_paths_of_buckets():
    assert is_remote("gs://bucket/x")
    assert not is_remote("/data/x") and not is_remote("x:y")


def test_cores_are_those_of_this_process():
    assert 1 <= cores() <= (os.cpu_count() or 1)
