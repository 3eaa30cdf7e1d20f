"""Weights of a network with a Keras backbone, known by its description.

Names and shapes identify a ResNet, but not any network: the description of a
Keras backbone is in a run's flags, in `.keras` and in `network.json`.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from simclrv2_tf.files.layer_names import uncounted

SCOPE = "base_model/keras/"
# Arguments of `Network` that describe the backbone.
ARGUMENTS = ("backbone", "backbone_pixels", "channels", "image_size")
_COMPARED = ("backbone", "backbone_pixels", "channels")


def is_keras(names: Iterable[str]) -> bool:
    """Whether canonical names are those of a Keras backbone."""
    return any(name.startswith(SCOPE) for name in names)


def check_kept(backbone: str) -> None:
    """Raises a ValueError for a description that no file of ours has.

    Those that files have need nothing that lies or is fetched elsewhere.
    """
    if not str(backbone).startswith(("keras:", "{")):
        raise ValueError(
            "A file describes its Keras backbone as keras:NAME(…) or as JSON. "
            f"Received: {backbone!r}"
        )


def described(known: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that describe the backbone, from what is known.

    Raises:
      ValueError: If the backbone is not described.
    """
    if not known.get("backbone"):
        raise ValueError(
            "The checkpoint is of a network with a Keras backbone, which its "
            "weights do not describe: keep the run's flags.json beside it, or "
            "take its .keras or its export."
        )
    check_kept(known["backbone"])
    return {n: known[n] for n in ARGUMENTS if known.get(n) is not None}


def differing(
    inferred: Mapping[str, Any], wanted: Mapping[str, Any]
) -> list[str]:
    """Names of arguments by which one network is not the other."""
    if not inferred.get("backbone"):
        return ["backbone"] if wanted.get("backbone") else []
    return [
        name
        for name in _COMPARED
        if name in wanted
        and _part(name, wanted[name]) != _part(name, inferred.get(name))
    ]


def _part(name, value):
    return uncounted(value) if name == "backbone" else value
