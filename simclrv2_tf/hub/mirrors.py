"""Where published weights are, and which files they are there."""

from __future__ import annotations

import os
import re
import urllib.error
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator

from simclrv2_tf.hub import catalogue
from simclrv2_tf.hub import download

MIRROR = "SIMCLRV2_MIRROR"
_WEB = "https://storage.googleapis.com/"
_STATE = "checkpoint"
_VARIABLES = "variables/variables"
_NO_SUCH = (400, 403, 404, 410)  # buckets that may not be listed say 403


def places(model: catalogue.Model) -> Iterator[tuple[str, Callable]]:
    """The mirror first, then the release's buckets.

    Args:
      model: A `catalogue.Model`.

    Yields:
      A directory or URL, and the function that gets a model from there:
      (model, place, target directory) to the files that it got and the path
      to load, both below the target.
    """
    mirror = os.environ.get(MIRROR)
    if mirror:
        place = f"{mirror.rstrip('/')}/{model.name}"
        yield from ((place, variant) for variant in VARIANTS)
    yield model.tf1.replace("gs://", _WEB), checkpoint
    yield model.tf2.replace("gs://", _WEB), saved_model


def checkpoint(
    model: catalogue.Model, place: str, target: str
) -> tuple[list[str], str]:
    """A TF1 checkpoint, named by its `checkpoint` file or by its step."""
    prefix = _named_by_state(place, target) or f"model.ckpt-{model.step or 0}"
    return _bundle(place, target, prefix)


def _named_by_state(place, target):
    try:
        _get_all(place, target, [_STATE])
    except urllib.error.HTTPError as error:
        if error.code in _NO_SUCH:
            return None
        raise
    except download.Missing:
        return None
    with open(os.path.join(target, _STATE), errors="replace") as file:
        named = re.search(r'^model_checkpoint_path: "(.*)"', file.read(), re.M)
    return os.path.basename(named[1]) if named else None


def hub_module(
    model: catalogue.Model, place: str, target: str
) -> tuple[list[str], str]:
    """The variables of a TF1 hub module."""
    return _bundle(place, target, f"hub/{_VARIABLES}")


def saved_model(
    model: catalogue.Model, place: str, target: str
) -> tuple[list[str], str]:
    """The variables of a SavedModel of the original tf2 code."""
    return _bundle(place, target, f"saved_model/{_VARIABLES}")


VARIANTS = (checkpoint, hub_module, saved_model)


def _bundle(place, target, prefix):
    files = [f"{prefix}.index", f"{prefix}.data-00000-of-00001"]
    _get_all(place, target, files)
    return files, prefix


def _get_all(place, target, files):
    for file in files:
        path = os.path.join(target, file)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        download.get(f"{place}/{file}", path)


def not_found(model: catalogue.Model, refusals: Iterable[str]) -> str:
    """The sentence for a model that no place has.

    Args:
      model: A `catalogue.Model`.
      refusals: What each place answered.
    """
    name = f"model.ckpt-{model.step or 'N'}"
    return (
        f"{model.name} is not found in any of its places "
        f"({'; '.join(refusals)}): download "
        f"{name}.index and {name}.data-00000-of-00001 from {model.tf1} on a "
        f"machine with internet, put them into DIRECTORY/{model.name}/ and set "
        f"{MIRROR}=DIRECTORY."
    )
