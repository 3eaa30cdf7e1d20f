"""Addresses of models on hubs: hf://USER/NAME, kaggle://OWNER/MODEL/…"""

from __future__ import annotations

import re
from typing import NamedTuple

from simclrv2_tf.files.credentials import without_credentials

HUGGING_FACE, KAGGLE = "hf", "kaggle"
_WORD = r"[A-Za-z0-9][\w.-]*"
# Hub -> what follows "://", and the same in words.
_FORMS = {
    HUGGING_FACE: (
        rf"(?P<name>{_WORD}/{_WORD})(?:@(?P<revision>(?!.*\.\.)\w[\w./-]*))?",
        "hf://USER/NAME, or hf://USER/NAME@REVISION to load",
    ),
    KAGGLE: (
        rf"(?P<name>{_WORD}(?:/{_WORD}){{3}})(?:/(?P<revision>\d+))?",
        "kaggle://OWNER/MODEL/FRAMEWORK/VARIATION, and /VERSION to load",
    ),
}
# Hub -> (package that reaches it, extra of setup.cfg).
EXTRAS = {
    HUGGING_FACE: ("huggingface_hub", "hf"),
    KAGGLE: ("kagglehub", "kaggle"),
}


class Repository(NamedTuple):
    """A model's place on a hub.

    Attributes:
      hub: `HUGGING_FACE` or `KAGGLE`.
      name: "USER/NAME", or "OWNER/MODEL/FRAMEWORK/VARIATION".
      revision: Branch, tag or commit, or the number of a version; None for
        the newest.
    """

    hub: str
    name: str
    revision: str | None = None

    def __str__(self) -> str:
        sign = {HUGGING_FACE: "@", KAGGLE: "/"}[self.hub]
        own = f"{sign}{self.revision}" if self.revision else ""
        return f"{self.hub}://{self.name}{own}"


def parse_repository(text: str) -> Repository | None:
    """The place on a hub that a text names, None if it names none.

    Raises:
      ValueError: If it begins like one and is none.
    """
    hub, sign, rest = text.partition("://")
    if not sign or hub not in _FORMS:
        return None
    pattern, words = _FORMS[hub]
    match = re.fullmatch(pattern, rest)
    if match is None:
        raise ValueError(
            f"A model on a hub must be named {words}. Received: "
            f"{without_credentials(text)!r}"
        )
    return Repository(hub, match["name"], match["revision"])
