"""Which network a `.weights.h5` belongs to.

Keras keeps its weights under the names of Python attributes, without the
architecture, which is inferred from the shapes.
"""

from __future__ import annotations

import collections
from typing import Any

import h5py

from simclrv2_tf.checkpoints import layout

_PROJECTION = "projection_head/"
_CLASSIFIER = "supervised_head/"


def infer(path: str) -> dict[str, Any]:
    """Infers the arguments of `Network` from a `.weights.h5` file.

    Raises:
      ValueError: If its shapes are those of no network.
    """
    shapes = _shapes(path)
    heads = {
        name: shape
        for name, shape in shapes.items()
        if _PROJECTION in name or _CLASSIFIER in name
    }
    rest = collections.Counter(s for n, s in shapes.items() if n not in heads)
    for tried in _hypotheses(rest):
        if _backbone(tried) == rest:
            return {**tried, **_heads(heads)}
    raise ValueError(
        f"{path!r} cannot be read: the shapes of its {len(shapes)} arrays are "
        "those of no network of this package; save the network as .keras, "
        "which tells its architecture."
    )


def _hypotheses(rest):
    """Arguments of all backbones of as many arrays and of these sizes.

    The usual ones come first; then those with other channels of images and
    with the ratios that pairs of small kernels have.
    """
    kernels = [shape for shape in rest if len(shape) == 4]
    bases = sorted({shape[3] for shape in kernels})
    channels = sorted({s[2] for s in kernels if s[:2] != (1, 1)} - {3})
    small = {s[3] / s[2] for s in kernels if s[:2] == (1, 1) and s[3] < s[2]}
    total = sum(rest.values())
    fitting = [
        {**structure, "width_multiplier": _whole(base / 64)}
        for structure in layout.hypotheses()
        if sum(_backbone(structure).values()) == total
        for base in bases
    ]
    for count in [3, *channels]:
        for tried in fitting:
            yield {**tried, "channels": count} if count != 3 else tried
            for name in ("sk_ratio", "se_ratio"):
                for ratio in sorted(small) if tried[name] else ():
                    yield {**tried, name: ratio, "channels": count}


def _shapes(path):
    shapes = {}

    def note(name, item):
        slot = name.startswith("optimizer/")  # of a network that was trained
        if isinstance(item, h5py.Dataset) and not slot:
            shapes[name] = tuple(item.shape)

    try:
        with h5py.File(path) as file:
            file.visititems(note)
    except (RuntimeError, KeyError) as error:  # its words for damage within
        raise OSError(str(error)) from error
    return shapes


def _whole(number):
    return int(number) if float(number).is_integer() else number


def _backbone(arguments):
    return collections.Counter(
        shape
        for layer in layout.backbone(arguments)
        for shape in layer.shapes.values()
    )


def _heads(shapes):
    """Arguments of the heads; one projection layer counts as nonlinear."""
    dense = {n: s for n, s in shapes.items() if len(s) == 2}
    layers = {n: s for n, s in dense.items() if _PROJECTION in n}
    classes = [s[1] for n, s in dense.items() if _CLASSIFIER in n]
    arguments = {
        "proj_head_mode": "nonlinear" if layers else "none",
        "num_classes": classes[0] if classes else 0,
    }
    if layers:
        last = max(layers, key=lambda name: (len(name), name))
        arguments |= {
            "num_proj_layers": len(layers),
            "proj_out_dim": layers[last][1],
        }
    return arguments
