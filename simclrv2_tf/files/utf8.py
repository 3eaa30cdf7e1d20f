"""Text in files that people write."""

from __future__ import annotations

import codecs

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
