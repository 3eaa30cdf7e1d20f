"""From the names in a file to canonical names, structure by structure.

A scheme is a function from a `layout.Layer` to the name under which a format
keeps it. Of all structures whose names are all in the file, the largest is
the one that was written.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import TypeAlias

from simclrv2_tf.checkpoints import layout

MOST_PROJECTION_LAYERS = 16
Scheme: TypeAlias = Callable[
    [layout.Layer, Mapping[str, Any]], dict[str, str] | None
]
_NO_HEADS = {"proj_head_mode": "none", "num_classes": 0}


def match(
    scheme: Scheme,
    exists: Callable[[str], bool],
    arguments: Iterable[Mapping[str, Any]] | None = None,
) -> tuple[dict[str, str], dict[str, Any]] | tuple[None, None]:
    """Finds the network whose layers a file names.

    Args:
      scheme: Function from (layer, arguments) to {name of a variable: name
        in the file}, or None if the format has no such layer.
      exists: Function that tells whether the file has a name.
      arguments: Structures to try; all there are unless given.

    Returns:
      {canonical name: name in the file} and the arguments of `Network` that
      it was found with; None and None without a match.
    """
    best, chosen = None, None
    for candidate in arguments or layout.hypotheses():
        names = _names(scheme, layout.backbone(candidate), candidate)
        if names is None or len(names) <= len(best or ()):
            continue
        if all(exists(name) for name in names.values()):
            best, chosen = names, candidate
    if best is None or chosen is None:
        return None, None
    heads = _heads(scheme, exists, chosen)
    return {**best, **heads[0]}, {**chosen, **heads[1]}


def names(scheme: Scheme, arguments: Mapping[str, Any]) -> dict[str, str]:
    """{canonical name: name in the file} of a known network."""
    known = _names(scheme, layout.layers(arguments), arguments)
    if known is None:
        raise ValueError(
            "The format has no names for this network: "
            f"{arguments}. Choose another format."
        )
    return known


def beyond_shapes(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments that places show, shapes do not: `sk_ratio` of shallow ones.

    Args:
      arguments: Those that `match` returned.
    """
    shallow = not layout.DEPTHS[arguments["resnet_depth"]][0]
    return {"sk_ratio": arguments["sk_ratio"]} if shallow else {}


def _heads(scheme, exists, backbone):
    """Names of the heads in a file, and their arguments."""
    arguments = dict(_NO_HEADS)
    names = {}
    for count in range(1, MOST_PROJECTION_LAYERS + 1):
        head = {"proj_head_mode": "nonlinear", "num_proj_layers": count}
        tried = _head_names(scheme, {**backbone, **_NO_HEADS, **head})
        if tried is None or not all(map(exists, tried.values())):
            break
        names, arguments = tried, {**arguments, **head}
    classifier = {**backbone, **_NO_HEADS, "num_classes": 1}
    tried = _head_names(scheme, classifier)
    if tried is not None and all(map(exists, tried.values())):
        names, arguments = {**names, **tried}, {**arguments, "num_classes": 1}
    return names, arguments


def _head_names(scheme, arguments):
    layers = layout.layers(arguments)[len(layout.backbone(arguments)) :]
    return _names(scheme, layers, arguments)


def _names(scheme, layers, arguments):
    names = {}
    for layer in layers:
        keys = scheme(layer, arguments)
        if keys is None:
            return None
        names |= {f"{layer.scope}/{name}": keys[name] for name in layer.shapes}
    return names
