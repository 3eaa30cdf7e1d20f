"""The flags of the run that a checkpoint is of, which lie beside it."""

from __future__ import annotations

import os
from typing import Any

from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.files.json_files import read_checked


def read(directory: str) -> dict[str, Any]:
    """What `flags.json` holds, which the original's runs have as well.

    Args:
      directory: Of the checkpoint.

    Returns:
      {flag: value}, {} without the file.

    Raises:
      ValueError: If it cannot be read, or is no JSON of a dictionary.
    """
    path = run_directory.flags_file(directory)
    return read_checked(
        path, "a run's flags as JSON", "restore it, or remove it"
    )


def of_checkpoint(path: str) -> dict[str, Any]:
    """The flags of a checkpoint's run, {} for what is no checkpoint.

    Args:
      path: See `any_format.locate`.

    Raises:
      ValueError: See `read`; or if the checkpoint's files are missing.
    """
    if run_directory.keeps_checksums(path):
        return read(path)
    prefix = tf1.find(path)
    return {} if prefix is None else read(os.path.dirname(prefix))


def leave_classifier(flags: dict) -> bool:
    """Whether a run of these flags left its classifier as it was initialised.

    Pretraining without `lineareval_while_pretraining` does.
    """
    pretrained = flags.get("train_mode") == "pretrain"
    return pretrained and not flags.get("lineareval_while_pretraining", True)
