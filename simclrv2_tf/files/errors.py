"""What an operating system or TensorFlow says of a file, in one sentence."""

import contextlib
import errno
import os
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator

from simclrv2_tf.files.credentials import without_credentials

_SENTENCES = {
    errno.EACCES: "no permission; change it, or run as its owner",
    errno.EPERM: "no permission; change it, or run as its owner",
    errno.EROFS: "its file system is read-only; choose another place",
    errno.ENOSPC: "the disk is full; make room and try again",
    errno.EDQUOT: "the disk quota is used up; make room and try again",
    errno.EFBIG: "a limit on file sizes was met; raise it and try again",
}
_NUMBERS = (*_SENTENCES, errno.ENOENT)
# TensorFlow's lines that tell where in a graph, and what stands around a reason
# that tells why.
_PLACE = re.compile(
    r"\s*$|Graph execution error:|Detected at node |<stack traces unav"
    r"| +File \"|\d+ root error\(s\) found|\s*\[\[\{\{node "
)
_FRAME = re.compile(
    r"^\s*\(\d+\) [A-Z_ ]+: +|^\{\{function_node .*?\}\} |^ValueError: "
    r"|\s*\[Op:\w+\]( name:.*)?$"
)
# What TensorFlow and the libraries of a GPU say where memory is used up.
_MEMORY = re.compile(
    r"\bOOM\b|out[ _]of[ _]memory|(fail|unable).* allocat|alloc_failed", re.I
)
_LESS_MEMORY = (
    "give --mixed_precision=bfloat16, --remat, a smaller --train_batch_size "
    "or, in pretraining, --gradient_cache_microbatch; where nothing is "
    "trained, a smaller --eval_batch_size"
)
_FILE_SYSTEM = "File system scheme"
_OTHER_PLACE = (
    "give a path of this machine, or one that TensorFlow can reach, such as "
    "gs://"
)
_SHOWN = re.compile(r"\[(.*?)\](?= \[|$)")


@contextlib.contextmanager
def file_errors(path: str, doing: str = "read") -> Iterator[None]:
    """Turns errors of the file system and of parsers into a ValueError.

    Args:
      path: What is being read or written; named in the sentence.
      doing: "read" or "written".
    """
    try:
        yield
    except Exception as error:
        if not isinstance(error, _kinds()):
            raise
        if _bare(error).startswith(_FILE_SYSTEM):
            raise ValueError(in_words(error)) from error
        raise ValueError(
            f"{path!r} cannot be {doing}: {_reason(error, doing)}."
        ) from error


def _kinds():
    kinds = (OSError, EOFError, UnicodeDecodeError)
    kinds += (zipfile.BadZipFile, zlib.error, struct.error)
    return (*kinds, *of_tensorflow())


def of_tensorflow() -> tuple[type[Exception], ...]:
    """The base class of TensorFlow's errors, which are not Python's.

    Empty where it is not loaded: readers without it have no such errors.
    """
    tf = sys.modules.get("tensorflow")
    return (tf.errors.OpError,) if tf else ()


def in_words(error: BaseException) -> str:
    """One of TensorFlow's errors in a sentence, with what would help."""
    reason = without_credentials(_bare(error))
    if _MEMORY.search(reason):
        return f"The memory is used up ({reason}): {_LESS_MEMORY}."
    if reason.startswith(_FILE_SYSTEM):
        return f"{reason}: {_OTHER_PLACE}."
    return f"{reason}."


def _reason(error, doing):
    if isinstance(error, of_tensorflow()) and _MEMORY.search(_bare(error)):
        return f"the memory is used up ({_bare(error)}); {_LESS_MEMORY}"
    number = _number(error)
    if number in _SENTENCES:
        return _SENTENCES[number]
    if doing != "read":
        return f"{_bare(error)}; choose another place"
    if number == errno.ENOENT:
        return f"a file is missing ({_bare(error)}); copy all its files"
    return (
        f"it is truncated or damaged ({_bare(error)}); copy or download "
        "it again"
    )


def _number(error):
    """The `errno` of an error, or of what TensorFlow or HDF5 say for it."""
    if isinstance(error, OSError):
        matches = (n for n in _SENTENCES if f"errno = {n}," in str(error))
        return error.errno or next(matches, None)
    matches = (n for n in _NUMBERS if os.strerror(n) in str(error))
    codes = {5: errno.ENOENT, 7: errno.EACCES, 8: errno.ENOSPC}  # TensorFlow's
    return next(matches, codes.get(getattr(error, "error_code", None)))


def first_line(error: BaseException) -> str:
    """The first line of what an error says; its type if it says nothing.

    Of TensorFlow's it is the reason, without the place in the graph.
    """
    text = getattr(error, "message", None) or str(error)
    lines = (_FRAME.sub("", line) for line in text.splitlines())
    sentences = [line.strip() for line in lines if not _PLACE.match(line)]
    return _asserted(sentences[0]) if sentences else type(error).__name__


def _asserted(line):
    """A line; what a failed assertion shows, without its brackets."""
    shown = line.removeprefix("assertion failed: ")
    return line if shown == line else " ".join(_SHOWN.findall(shown))


def _bare(error):
    return first_line(error).rstrip(".")
