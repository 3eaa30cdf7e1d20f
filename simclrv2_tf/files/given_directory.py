"""`--model_dir`, where it is required."""

from __future__ import annotations


def check_model_dir(directory: str | None, holds: str) -> str:
    """The directory, or a ValueError if none is given.

    Args:
      directory: What `model_dir` names; None or "" for nothing.
      holds: What it is to hold: "run" or "job".
    """
    if not directory:
        raise ValueError(
            f"`model_dir` must name the directory of the {holds}: give "
            "--model_dir."
        )
    return directory
