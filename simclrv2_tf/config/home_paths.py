"""Paths from the user's home on: shells leave `--flag=~/x` as it is."""

import os

# Options that a path may be given for.
_PATHS = (
    "model_dir",
    "data_dir",
    "export_dir",
    "checkpoint",
    "backbone",
    "backbone_weights",
    "student",
    "student_weights",
    "label_map",
    "exclude_images",
    "embed_output",
    "predict_output",
    "probe_output",
    "curate_output",
    "target",
)
_LISTS = ("teacher", "compare")  # of paths, with commas


def from_home(name: str, value: object) -> object:
    """The value of an option, "~" at the start of a path replaced.

    Args:
      name: Of the option.
      value: Its value, which stays as it is where it is no path.
    """
    if not isinstance(value, str) or "~" not in value:
        return value
    if name in _PATHS:
        return _expanded(value)
    if name in _LISTS and not os.path.exists(value):
        return ",".join(map(_part, value.split(",")))
    return value


def _part(text):
    """A part of a list, with its blanks unless it is a path from home on."""
    path = text.strip()
    return _expanded(path) if path.startswith("~") else text


def _expanded(path):
    """A path; one of a directory "~", which a shell has made, as it is."""
    if not path.startswith("~") or os.path.exists(path):
        return path
    return os.path.expanduser(path)
