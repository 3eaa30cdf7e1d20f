"""What converters of other formats raise, in one sentence."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from simclrv2_tf.files.errors import first_line


@contextlib.contextmanager
def of(form: str) -> Iterator[None]:
    """Names the format where its converter fails.

    Args:
      form: Of `EXTRA_FORMATS`.

    Raises:
      ValueError: In place of whatever the converter raises. Errors of files,
        such as of a full disk, stay what they are.
    """
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # tf2onnx, LiteRT and protobuf have many kinds
        raise ValueError(
            f"The network cannot be written as {form!r} ({first_line(error)}): "
            "leave it out of `export_formats`."
        ) from error
