"""PyTorch files as tensors by name; pickles with weights only.

No code in a file is ever run.
"""

import pickle

from simclrv2_tf.checkpoints import safetensors
from simclrv2_tf.checkpoints.reading import explained

SUFFIXES = (".safetensors", ".pth", ".pt", ".bin")
METADATA = "simclrv2"  # key of the network's arguments, as JSON
INSTALL = "pip install 'simclrv2_tf[torch]'"
_WRAPPERS = ("state_dict", "model_state_dict", "model")


def open_file(path):
    """Opens a PyTorch file.

    Args:
      path: Of a `.safetensors` file, or of a pickle (`.pth`, `.pt`).

    Returns:
      {name: shape}, a function from a name to its array, and {string:
      string} of what else the file tells.

    Raises:
      ValueError: If the file is damaged, or holds anything but weights.
    """
    with explained(path):
        if path.endswith(".safetensors"):
            file = safetensors.File(path)
            return file.shapes, file.read, file.metadata
        tensors, metadata = _flattened(_load_pickle(path))
    shapes = {name: tuple(t.shape) for name, t in tensors.items()}
    return shapes, lambda name: tensors[name].float().numpy(), metadata


def import_torch():
    """The optional package, or a sentence that says how to get it."""
    try:
        import torch
    except ImportError:
        raise ValueError(
            f"PyTorch files need PyTorch: {INSTALL} (.safetensors files are "
            "read without it)."
        ) from None
    return torch


def _load_pickle(path):
    torch = import_torch()
    try:
        with open(path, "rb"):  # no permission is told from no weights
            pass
        try:
            return torch.load(
                path, map_location="cpu", weights_only=True, mmap=True
            )
        except (RuntimeError, ValueError):  # files of PyTorch before 1.6
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"{path!r} cannot be read: it holds more than weights, or is no "
            "PyTorch file, and code in a file is never run; save its "
            "`state_dict()` alone, best as .safetensors."
        ) from error
    except (RuntimeError, KeyError, UnicodeDecodeError) as error:
        raise ValueError(
            f"{path!r} cannot be read: it is truncated or damaged, or no "
            "PyTorch file; copy or download it again."
        ) from error


def _flattened(loaded):
    """Tensors under dotted names, out of the usual wrappers."""
    torch = import_torch()
    if not isinstance(loaded, dict):
        raise ValueError(
            "Expected a PyTorch file with a dictionary of tensors. "
            f"Received: {type(loaded).__name__}"
        )
    metadata = {METADATA: loaded[METADATA]} if METADATA in loaded else {}
    for wrapper in _WRAPPERS:
        if isinstance(loaded.get(wrapper), dict):
            return _flattened({**metadata, **loaded[wrapper]})
    tensors = {}
    for name, value in loaded.items():
        if isinstance(value, dict):
            below, _ = _flattened(value)
            tensors |= {f"{name}.{n}": t for n, t in below.items()}
        elif isinstance(value, torch.Tensor):
            tensors[name] = value.detach()
    return tensors, metadata
