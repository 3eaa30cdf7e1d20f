"""What data and weights are called, without the directories of a machine."""

from __future__ import annotations

import re

from simclrv2_tf.files.credentials import without_credentials
from simclrv2_tf.files.repositories import HUGGING_FACE
from simclrv2_tf.files.repositories import KAGGLE

# Names that say where anybody finds them: cifar10, imagenet2012_subset/1pct,
# simclrv2/pretrained/r50_1x_sk1, hf://USER/NAME.
_KNOWN = re.compile(
    rf"\w[\w.-]*(?: \([^/]*\))?|simclrv[12]/[\w/]+"
    rf"|(?:{HUGGING_FACE}|{KAGGLE})://[\w./@-]+"
    r"|[a-z]\w*/[\w.]+(?:/\w+)?(?: \([^/]*\))?"
)
_KINDS = re.compile(r"(?:[a-z_]{3,}:(?!//))*(?:[a-z]+ (?=[/~.]))?")


def shown(name: str) -> str:
    """A name of data or weights as others may see it.

    Of paths the last part stays: "folder:/home/me/photos" is "folder:photos".

    Args:
      name: As a flag or a `Source` has it; several with commas between them.
    """
    return ",".join(map(_shown, without_credentials(name).split(",")))


def _shown(part):
    if _KNOWN.fullmatch(part.strip()):
        return part
    head, _, last = part.rstrip("/").rpartition("/")
    kinds = _KINDS.match(part)
    return f"{kinds[0]}{last}" if head or part.startswith("/") else part
