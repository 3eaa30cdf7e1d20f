"""Text in files that people write."""

from __future__ import annotations

import codecs

from simclrv2_tf.files.remote import open_binary

_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def utf8_text(data: bytes, named: str) -> str:
    """The text in a file's bytes, without a byte order mark.

    Args:
      data: The bytes.
      named: The file, as a message begins.

    Raises:
      ValueError: If it is in another encoding.
    """
    reason = ""
    if data.startswith(_MARKS) or data[:4].count(0) == 2:
        reason = "what looks like UTF-16"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reason = reason or f"{error.reason} at byte {error.start}"
    if reason:
        raise ValueError(
            f"{named} must be text in UTF-8. Received: {reason}; save it as "
            "UTF-8"
        )
    return text


def table_text(path: str, named: str) -> str:
    """The text of a table in a file, here or in a bucket.

    Args:
      path: The file.
      named: The same, as a message begins.

    Raises:
      ValueError: If it cannot be read, or is in another encoding.
    """
    try:
        with open_binary(path) as file:
            return utf8_text(file.read(), named)
    except OSError as error:
        raise ValueError(
            f"{named} cannot be read as a table: {error}"
        ) from None
