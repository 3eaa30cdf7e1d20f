"""Models of hubs on this machine, brought by the hubs' own packages.

These keep what they bring, go on without a network where they have it, and know
how one signs in: `HF_HOME`, `HF_HUB_OFFLINE`, `HF_TOKEN` and `HF_ENDPOINT`, or
`KAGGLEHUB_CACHE` and `KAGGLE_API_TOKEN`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from simclrv2_tf.files.credentials import without_credentials
from simclrv2_tf.files.repositories import EXTRAS
from simclrv2_tf.files.repositories import HUGGING_FACE
from simclrv2_tf.files.repositories import Repository
from simclrv2_tf.files.repositories import parse_repository
from simclrv2_tf.machine.extras import load_extra

_LINES = 2  # of what a hub's package says


def local(source: str | os.PathLike[str]) -> str:
    """The path of weights on this machine, fetched if they are on a hub.

    Args:
      source: "hf://USER/NAME", "kaggle://…", or anything else, which is given
        back as it is.

    Raises:
      ValueError: If they cannot be fetched, or a package is missing.
    """
    path = os.fspath(source)
    repository = parse_repository(path)
    return path if repository is None else _fetch(repository)


def _fetch(repository: Repository) -> str:
    package, extra = EXTRAS[repository.hub]
    hub = load_extra(package, extra, str(repository))
    with hub_errors(repository, "fetched"):
        if repository.hub == HUGGING_FACE:
            return hub.snapshot_download(
                repository.name, revision=repository.revision
            )
        return hub.model_download(str(repository).partition("://")[2])


@contextlib.contextmanager
def hub_errors(repository: Repository, doing: str) -> Iterator[None]:
    """Turns what a hub's package raises into a sentence without credentials.

    Args:
      repository: What is asked for.
      doing: "fetched" or "published".

    Raises:
      ValueError: In place of any error of the package, which may hold
        credentials.
    """
    try:
        yield
    except Exception as error:
        reason = _reason(error)
        raise ValueError(
            f"{repository} cannot be {doing}: {reason} "
            f"({type(error).__name__}). Check the name, the network and that "
            "you are signed in."
        ) from None


def _reason(error):
    """An error's first lines as one, of which the first may be a number."""
    lines = (line.strip(" .") for line in str(error).splitlines())
    text = ": ".join([line for line in lines if line][:_LINES])
    return without_credentials(text) or "no reason is given"
