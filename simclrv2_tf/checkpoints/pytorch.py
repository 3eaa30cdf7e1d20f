"""PyTorch files, to and from canonical names.

Ours is the layout of `pytorch_module`; the others are torchvision's names of
a ResNet, and the {"resnet", "head"} of the SimCLRv2-Pytorch converter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from simclrv2_tf.checkpoints import layout
from simclrv2_tf.checkpoints import naming
from simclrv2_tf.checkpoints import pytorch_files
from simclrv2_tf.checkpoints import pytorch_names
from simclrv2_tf.checkpoints import safetensors
from simclrv2_tf.checkpoints.arrays import Arrays
from simclrv2_tf.checkpoints.pytorch_files import METADATA
from simclrv2_tf.checkpoints.pytorch_layouts import FIRST_SHORTCUTS
from simclrv2_tf.checkpoints.pytorch_layouts import IMAGENET_MEAN
from simclrv2_tf.checkpoints.pytorch_layouts import IMAGENET_SCALED
from simclrv2_tf.checkpoints.pytorch_layouts import IMAGENET_STD
from simclrv2_tf.checkpoints.pytorch_layouts import ours
from simclrv2_tf.files import atomic

_COUNTER = "num_batches_tracked"
_FIRST = "base_model/conv2d/kernel"
_IDENTITY_EPSILON = 1e-5


def read(
    path: str, ignore: str | None = None
) -> tuple[Arrays, dict[str, Any], tuple[str, ...]]:
    """Reads the weights of a PyTorch file.

    Args:
      path: `.safetensors`, `.pth` or `.pt`.
      ignore: Regular expression; names in the file that it matches from the
        start are passed over.

    Returns:
      `Arrays` of canonical names; the arguments of `Network` that the file
      tells; sentences about what was noticed.

    Raises:
      ValueError: If the file is damaged, holds anything but weights, or
        names that are in none of the layouts.
    """
    shapes, tensor, metadata = pytorch_files.open_file(path)
    kept = {
        n: s
        for n, s in shapes.items()
        if not n.endswith(_COUNTER) and not (ignore and re.match(ignore, n))
    }
    described = _described(metadata, path)
    match = pytorch_names.recognise(kept, path, described)
    used = {*match.names.values(), *_needless_bias(match.names, kept, tensor)}
    others = [name for name in kept if name not in used]
    pytorch_names.refuse_others(path, match, others)
    absent = {c for c, name in match.names.items() if name not in kept}
    arrays = _arrays(match.names, kept, tensor, absent)
    known = described or naming.beyond_shapes(match.arguments)
    known = {**_pixels(match.kind, arrays), **known}
    return arrays, known, _notes(match.kind, absent)


def _described(metadata, path):
    """The arguments of `Network` that a file of ours describes, else {}."""
    try:
        arguments = dict(json.loads(metadata.get(METADATA, "{}")))
        _ = layout.shapes(arguments) if arguments else None
    except (ArithmeticError, KeyError, TypeError, ValueError):
        raise ValueError(
            f"{path!r} cannot be read: its architecture metadata is damaged; "
            "copy or download it again."
        ) from None
    return arguments


def _pixels(kind, arrays):
    """What weights of a layout expect of pixels, arguments of `Network`."""
    if kind not in IMAGENET_SCALED or arrays.shapes[_FIRST][2] != 3:
        return {}
    return {"input_mean": IMAGENET_MEAN, "input_std": IMAGENET_STD}


def _needless_bias(names, shapes, tensor):
    """The zero `bias` that PyTorch gives the head's last normalization."""
    biases = set()
    for canonical, name in names.items():
        beta = canonical.replace("/gamma", "/beta")
        if canonical.startswith("head_contrastive/") and beta not in names:
            bias = name.replace(".weight", ".bias")
            if canonical.endswith("/gamma") and bias in shapes:
                if not np.any(tensor(bias)):
                    biases.add(bias)
    return biases


def _arrays(names, shapes, tensor, absent):
    width = shapes[names["base_model/conv2d/kernel"]][0]

    def read(canonical):
        if canonical in absent:
            return _identity(canonical, width)
        return _from_torch(np.asarray(tensor(names[canonical]), np.float32))

    own = {
        canonical: _identity(canonical, width).shape
        if canonical in absent
        else _turned(shapes[name])
        for canonical, name in names.items()
    }
    return Arrays(own, read)


def _identity(canonical, width):
    """A shortcut that changes nothing, in inference mode."""
    if canonical.endswith("/kernel"):
        return np.eye(width, dtype=np.float32).reshape(1, 1, width, width)
    value = {
        "gamma": np.sqrt(1 + _IDENTITY_EPSILON),
        "moving_variance": 1.0,
    }.get(canonical.rpartition("/")[2], 0.0)
    return np.full((width,), value, np.float32)


def _notes(kind, absent):
    if kind == "our PyTorch module":
        return ()
    notes = [f"{kind} names"]
    if kind in IMAGENET_SCALED:
        notes.append(
            "weights of this kind are taken to expect ImageNet's mean and "
            "deviation; for others give input_mean=0,0,0 and input_std=1,1,1"
        )
    if kind in FIRST_SHORTCUTS:
        notes.append(
            "PyTorch pads the max pooling on both sides, so that features "
            "differ slightly from PyTorch's at even image sizes"
        )
    if absent:
        notes.append(
            "the first shortcut, an identity there, became a projection that "
            "starts as the identity"
        )
    return tuple(notes)


def _turned(shape):
    """(out, in, height, width) to (height, width, in, out); matrices too."""
    order = {4: (2, 3, 1, 0), 2: (1, 0)}.get(len(shape), range(len(shape)))
    return tuple(shape[axis] for axis in order)


def _from_torch(array):
    if array.ndim == 4:
        return array.transpose(2, 3, 1, 0)
    return array.T if array.ndim == 2 else array


def _to_torch(array):
    if array.ndim == 4:
        return array.transpose(3, 2, 0, 1)
    return array.T if array.ndim == 2 else array


def write(
    path: str,
    arrays: Mapping[str, np.ndarray],
    arguments: Mapping[str, Any],
    pickled: bool = False,
) -> None:
    """Writes weights for `pytorch_module`.

    Args:
      path: Of the file.
      arrays: {canonical name: array}.
      arguments: Those of `Network` that the weights belong to.
      pickled: Write as `torch.save` does, for which PyTorch is needed, and
        not as safetensors.
    """
    names = naming.names(ours, arguments)
    metadata = {METADATA: json.dumps(arguments)}
    canonical = {name: c for c, name in names.items()}

    def tensor(name):
        return np.ascontiguousarray(_to_torch(arrays[canonical[name]]))

    with atomic.files(path) as staged:
        if pickled:
            pytorch_files.save(staged, canonical, tensor, metadata)
        else:
            shapes = _torch_shapes(names, arguments)
            safetensors.write(staged, shapes, tensor, metadata)


def _torch_shapes(names, arguments):
    shapes = layout.shapes(arguments)
    return {name: _back(shapes[c]) for c, name in names.items()}


def _back(shape):
    order = {4: (3, 2, 0, 1), 2: (1, 0)}.get(len(shape), range(len(shape)))
    return tuple(shape[axis] for axis in order)
