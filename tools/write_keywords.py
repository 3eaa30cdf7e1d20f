"""Writes the options as editors and type checkers read them.

    python tools/write_keywords.py

The file is simclrv2_tf/config/keywords.py. A test compares the two.
"""

import dataclasses
import pathlib
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simclrv2_tf.config import Config  # noqa: E402

# These are arguments of their own in the functions that take the others.
NAMED = ("dataset", "model_dir", "target", "teacher")
_HEAD = '''"""The options of `Config` as keywords, for editors and mypy.

Made from the options by `python tools/write_keywords.py`; a test keeps it so.
"""

import os
from collections.abc import Sequence
from typing import Literal

from typing_extensions import TypedDict


class Options(TypedDict, total=False):
    """Fields of `Config`; each says what it takes."""
'''
_KINDS = {
    bool: "bool",
    int: "int",
    float: "float",
    str: "str | os.PathLike[str]",
}


def text() -> str:
    """The file's text."""
    fields = [f for f in dataclasses.fields(Config) if f.name not in NAMED]
    return _HEAD + "".join(map(_entry, fields))


def _entry(field):
    lines = textwrap.wrap(field.metadata["help"], 69)
    help = "\n    ".join(['"""' + lines[0], *lines[1:]]) + '"""'
    return f"\n    {field.name}: {_type(field)}\n    {help}\n"


def _type(field):
    choices, also = field.metadata["choices"], field.metadata["also"]
    words = _KINDS[field.metadata["kind"]]
    if choices:
        words = f"Literal[{', '.join(map(_quoted, choices))}]"
    if also:
        words = f"{words} | {also.words}"
    return f"{words} | None" if field.default is None else words


def _quoted(choice):
    return f'"{choice}"' if isinstance(choice, str) else str(choice)


def main():
    path = ROOT / "simclrv2_tf" / "config" / "keywords.py"
    path.write_text(text())


if __name__ == "__main__":
    main()
