"""Object-based checkpoints and SavedModels of the original `tf2/` code.

Objects are found by walking the object graph that the file holds, never by
the order or the names of variables, which differ between TensorFlow versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import trackable_object_graph_pb2

from simclrv2_tf.checkpoints import naming
from simclrv2_tf.checkpoints.arrays import Arrays
from simclrv2_tf.checkpoints.bundle import Bundle
from simclrv2_tf.checkpoints.layout import Layer
from simclrv2_tf.files import atomic

_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
_WEIGHTS = ("kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance")
_STEM = {"conv_1": (0, 1), "conv_2": (2, 3)}  # places of conv and norm
_PLAIN = {"conv_1": (0, 1), "conv_2": (3, 4), "conv_3": (6, 7)}
_SELECTIVE = {
    "conv_1": ("0/conv2d", "1/bn"),
    "streams": ("3/conv2d_fixed_padding/conv2d", "3/batch_norm_relu/bn"),
    "squeeze": ("3/conv2d_0", "3/batch_norm_relu_1/bn"),
    "mix": ("3/conv2d_1", None),
    "conv_3": ("5/conv2d", "6/bn"),
}


def scheme(layer: Layer, arguments: Mapping[str, Any]) -> dict[str, str]:
    """Object paths of a layer's variables, below the model."""
    area, *rest = layer.place.split(".")
    path = {
        "stem": _stem,
        "groups": _block,
        "projection_head": _projection,
        "supervised_head": _supervised,
    }[area](layer, rest, arguments)
    return {name: f"{path}/{name}" for name in layer.shapes}


def _stem(layer, rest, arguments):
    three = arguments.get("sk_ratio") and arguments.get("image_size", 224) > 32
    indices = {**_STEM, "conv": (4, 6) if three else (0, 2)}[rest[0]]
    return f"resnet_model/initial_conv_relu_max_pool/{_item(layer, indices)}"


def _block(layer, rest, arguments):
    group, index, part = rest
    below = _bottleneck if arguments["resnet_depth"] > 34 else _basic
    path = below(layer, part, arguments)
    return f"resnet_model/block_groups/{group}/layers/{index}/{path}"


def _basic(layer, part, arguments):
    if part == "shortcut":
        return f"shortcut_layers/{_shortcut(layer)}"
    if part in ("reduce", "expand"):
        return f"se_layer/se_{part}"
    indices = {"conv_1": (0, 1), "conv_2": (2, 3)}[part]
    return f"conv2d_bn_layers/{_item(layer, indices)}"


def _bottleneck(layer, part, arguments):
    selective = bool(arguments.get("sk_ratio"))
    if part == "shortcut":
        return f"projection_layers/{_shortcut(layer)}"
    if part in ("reduce", "expand"):
        below = f"{8 if selective else 9}/se_{part}"
    elif selective:
        below = _SELECTIVE[part][layer.kind == "norm"]
    else:
        below = _item(layer, _PLAIN[part])
    return f"conv_relu_dropblock_layers/{below}"


def _shortcut(layer):
    """Convolution and norm, one place later behind an average pooling."""
    first = layer.averaged
    return _item(layer, (first, first + 1))


def _item(layer, indices):
    if layer.kind == "norm":
        return f"{indices[1]}/bn"
    return f"{indices[0]}/conv2d"


def _projection(layer, rest, arguments):
    below = "bn_relu/bn" if layer.kind == "norm" else "dense"
    return f"_projection_head/linear_layers/{rest[0]}/{below}"


def _supervised(layer, rest, arguments):
    return "supervised_head/linear_layer/dense"


def is_tf2(prefix: str) -> bool:
    """Whether a checkpoint holds objects of the original `tf2/` code."""
    bundle = Bundle(prefix)
    if _GRAPH not in bundle.shapes:
        return False
    return _model(object_graph(bundle)) is not None


def read(prefix: str) -> tuple[Arrays, dict[str, Any]]:
    """Reads the weights, passing over slots and counters.

    Args:
      prefix: Of the checkpoint, or `<SavedModel>/variables/variables`.

    Returns:
      `Arrays` of canonical names, and the arguments of `Network` that their
      places tell.

    Raises:
      ValueError: If the objects are those of no SimCLRv2 network.
    """
    bundle = Bundle(prefix)
    graph = object_graph(bundle)
    model = _model(graph)

    def exists(path):
        return key(graph, model, path) is not None

    paths, arguments = naming.match(scheme, exists)
    if paths is None or arguments is None:
        raise ValueError(
            f"The objects in {prefix!r} are those of no SimCLRv2 network: "
            "expected model/resnet_model/block_groups/… of the original "
            "release."
        )
    keys = {
        name: variable
        for name, path in paths.items()
        if (variable := key(graph, model, path))
    }
    _refuse_others(_weights_below(graph, model) - set(keys.values()), prefix)
    return bundle.arrays(keys), naming.beyond_shapes(arguments)


def _refuse_others(keys, prefix):
    if keys:
        shown = ", ".join(k.split("/.ATTRIBUTES")[0] for k in sorted(keys)[:5])
        raise ValueError(
            f"The model in {prefix!r} holds {len(keys)} variables that are no "
            f"part of a SimCLRv2 network ({shown}"
            f"{', …' if len(keys) > 5 else ''}): save the network alone."
        )


def _weights_below(graph, node):
    """Keys of the variables that hang from an object as weights do."""
    keys, seen, left = set(), {node}, [node]
    while left:
        for name, child in graph[left.pop()][0].items():
            if name in _WEIGHTS:
                keys |= {a.checkpoint_key for a in graph[child][1]}
            elif child not in seen:
                seen.add(child)
                left.append(child)
    return keys


def object_graph(bundle: Bundle) -> list[tuple[dict[str, int], Any]]:
    """Each object's {attribute: index of an object}, and its variable."""
    graph = trackable_object_graph_pb2.TrackableObjectGraph()
    graph.ParseFromString(bundle.read(_GRAPH))
    return [
        ({c.local_name: c.node_id for c in node.children}, node.attributes)
        for node in graph.nodes
    ]


def _model(graph):
    """The node of the model, whatever it hangs from."""
    nodes = (i for i, (below, _) in enumerate(graph) if "resnet_model" in below)
    return next(nodes, None)


def key(
    graph: Sequence[tuple[dict[str, int], Any]], node: int, path: str
) -> str | None:
    """The name of the variable at a path from an object, None without."""
    for name in path.split("/"):
        below = graph[node][0].get(name)
        if below is None:
            return None
        node = below
    attributes = graph[node][1]
    return attributes[0].checkpoint_key if attributes else None


def write(
    path: str,
    arrays: Mapping[str, np.ndarray],
    arguments: Mapping[str, Any],
    global_step: int = 0,
) -> None:
    """Writes an object-based checkpoint that the original `tf2/` restores.

    Args:
      path: Prefix of the files, such as `ckpt-0`; the directory's
        `checkpoint` file will name it.
      arrays: {canonical name: array}.
      arguments: Those of `Network` that the weights belong to.
      global_step: Stored as `global_step`.
    """
    paths = naming.names(scheme, arguments)
    root = {"global_step": tf.Variable(global_step, dtype=tf.int64)}
    with atomic.files(path) as staged:
        for name, place in paths.items():
            variable = tf.Variable(arrays[name])
            _plant(root, f"model/{place}".split("/"), variable)
        checkpoint = _grown(root)
        _ = checkpoint.save_counter  # made when first asked for
        checkpoint.write(staged)
    atomic.name_newest(path)


def _plant(tree, path, variable):
    for name in path[:-1]:
        tree = tree.setdefault(name, {})
    tree[path[-1]] = variable


def _grown(tree):
    """Nested dictionaries as nested trackable objects."""
    return tf.train.Checkpoint(
        **{
            name: _grown(below) if isinstance(below, dict) else below
            for name, below in tree.items()
        }
    )
