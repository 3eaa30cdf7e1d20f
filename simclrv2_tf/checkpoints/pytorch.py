"""PyTorch files in three layouts, to and from canonical names.

Ours is that of `pytorch_module`; the others are torchvision's names of a
ResNet, and the {"resnet", "head"} of the SimCLRv2-Pytorch converter.
"""

import json
import re

import numpy as np

from simclrv2_tf.checkpoints import layout
from simclrv2_tf.checkpoints import naming
from simclrv2_tf.checkpoints import pytorch_files
from simclrv2_tf.checkpoints import safetensors
from simclrv2_tf.checkpoints import staging
from simclrv2_tf.checkpoints.arrays import Arrays
from simclrv2_tf.checkpoints.pytorch_files import METADATA
from simclrv2_tf.checkpoints.pytorch_layouts import LAYOUTS
from simclrv2_tf.checkpoints.pytorch_layouts import ours

_COUNTER = "num_batches_tracked"
_IDENTITY_EPSILON = 1e-5


def read(path, ignore=None):
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
    told = json.loads(metadata.get(METADATA, "{}"))
    kind, prefix, names, found = _recognise(kept, path, told)
    used = {prefix + n for n in names.values()}
    absent = _absent_shortcuts(kind, names, prefix, kept)
    last_bias = _needless_bias(names, prefix, kept, tensor)
    unused = [n for n in kept if n not in used | last_bias]
    if unused:
        raise ValueError(
            f"{path!r} ({kind} names) holds {len(unused)} tensors that are "
            f"no part of the network ({', '.join(unused[:5])}"
            f"{', …' if len(unused) > 5 else ''}): pass over them by name "
            "with `ignore`, a regular expression."
        )
    arrays = _arrays(names, prefix, kept, tensor, absent)
    known = told or naming.beyond_shapes(found)
    return arrays, known, _notes(kind, absent)


def _recognise(shapes, path, told):
    """The layout, the prefix before its names, and what was matched."""
    if told:
        names = naming.names(ours, told)
        if all(name in shapes for name in names.values()):
            return "our PyTorch module", "", names, told
    for kind, (scheme, first) in LAYOUTS.items():
        for prefix in _prefixes(first, shapes):
            exists = _exists(kind, prefix, shapes)
            names, found = naming.match(scheme, exists)
            if names:
                return kind, prefix, names, found
    shown = ", ".join(list(shapes)[:3])
    raise ValueError(
        f"{path!r} holds no network in a known layout: expected the names of "
        "torchvision's ResNet (conv1.weight, layer1.0.conv1.weight, …), of "
        "the SimCLRv2-Pytorch converter (resnet.net…, head.layers…) or ours. "
        f"Received {len(shapes)} tensors: {shown}{', …' if shapes else ''}"
    )


def _prefixes(first, shapes):
    """What may stand before the names: `module.`, `encoder.` and the like."""
    found = {m[1] for n in shapes if (m := re.fullmatch(first, n))}
    return sorted((p for p in found if "layer" not in p), key=len)


def _exists(kind, prefix, shapes):
    """Whether a file has a name; first shortcuts may be identities."""

    def exists(name):
        absent = kind == "torchvision" and _is_first_shortcut(name)
        return absent or prefix + name in shapes

    return exists


def _is_first_shortcut(name):
    return name.startswith("layer1.0.downsample.")


def _absent_shortcuts(kind, names, prefix, shapes):
    """Torchvision's depth 18 and 34 open with an identity shortcut."""
    return {
        canonical
        for canonical, name in names.items()
        if kind == "torchvision" and prefix + name not in shapes
    }


def _needless_bias(names, prefix, shapes, tensor):
    """The zero `bias` that PyTorch gives the head's last normalization."""
    found = set()
    for canonical, name in names.items():
        beta = canonical.replace("/gamma", "/beta")
        if canonical.startswith("head_contrastive/") and beta not in names:
            bias = prefix + name.replace(".weight", ".bias")
            if canonical.endswith("/gamma") and bias in shapes:
                if not np.any(tensor(bias)):
                    found.add(bias)
    return found


def _arrays(names, prefix, shapes, tensor, absent):
    width = shapes[prefix + names["base_model/conv2d/kernel"]][0]

    def read(canonical):
        if canonical in absent:
            return _identity(canonical, width)
        array = tensor(prefix + names[canonical])
        return _from_torch(np.asarray(array, np.float32))

    own = {
        canonical: _turned(shapes[prefix + name])
        for canonical, name in names.items()
        if canonical not in absent
    }
    own |= {name: _identity(name, width).shape for name in absent}
    return Arrays({name: own[name] for name in names}, read)


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
    if kind == "torchvision":
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


def write(path, arrays, arguments):
    """Writes weights for `pytorch_module`.

    Args:
      path: `.safetensors`, or `.pth`/`.pt`, for which PyTorch is needed.
      arrays: {canonical name: array}.
      arguments: Those of `Network` that the weights belong to.
    """
    names = naming.names(ours, arguments)
    metadata = {METADATA: json.dumps(arguments)}
    canonical = {name: c for c, name in names.items()}

    def tensor(name):
        return np.ascontiguousarray(_to_torch(arrays[canonical[name]]))

    with staging.files(path) as staged:
        if path.endswith(".safetensors"):
            shapes = _torch_shapes(names, arguments)
            safetensors.write(staged, shapes, tensor, metadata)
        else:
            torch = pytorch_files.import_torch()
            state = {n: torch.from_numpy(tensor(n)) for n in canonical}
            torch.save({"state_dict": state, **metadata}, staged)


def _torch_shapes(names, arguments):
    shapes = layout.shapes(arguments)
    return {name: _back(shapes[c]) for c, name in names.items()}


def _back(shape):
    order = {4: (3, 2, 0, 1), 2: (1, 0)}.get(len(shape), range(len(shape)))
    return tuple(shape[axis] for axis in order)
