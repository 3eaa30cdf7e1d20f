"""What data and weights are called, without the directories of a machine."""

from __future__ import annotations

import re

from simclrv2_tf.files.credentials import without_credentials
from simclrv2_tf.files.repositories import HUGGING_FACE
from simclrv2_tf.files.repositories import KAGGLE

# Names that say where anybody finds them: cifar10, imagenet2012_subset/1pct.
_DATA = re.compile(
    r"\w[\w.-]*(?: \([^/]*\))?|[a-z]\w*/[\w.]+(?:/\w+)?(?: \([^/]*\))?"
)
_PART = re.compile(r"\w[\w.-]*")  # of several; a path may have a comma too
# simclrv2/pretrained/r50_1x_sk1, hf://USER/NAME.
_WEIGHTS = re.compile(
    rf"simclrv[12]/[\w/]+|(?:{HUGGING_FACE}|{KAGGLE})://[\w./@-]+"
)
_KINDS = re.compile(r"(?:[a-z_]{3,}:(?!//))*(?:[a-z]+ (?=[/~.]))?")


def shown(name: str) -> str:
    """A name of data as others may see it.

    Of paths the last part stays: "folder:/home/me/photos" is "folder:photos".

    Args:
      name: As a flag or a `Source` has it; several with commas between them.
    """
    return _each(name, _PART if "," in name else _DATA)


def shown_weights(name: str) -> str:
    """The same of weights or of a network, where "runs/p" is a path."""
    return _each(name, _WEIGHTS)


def _each(name, known):
    parts = without_credentials(name).replace("\\", "/").split(",")
    return ",".join(_shown(part, known) for part in parts)


def _shown(part, known):
    if known.fullmatch(part.strip()):
        return part
    head, _, last = part.rstrip("/").rpartition("/")
    kinds = _KINDS.match(part)
    return f"{kinds[0]}{last}" if head or part.startswith("/") else part
