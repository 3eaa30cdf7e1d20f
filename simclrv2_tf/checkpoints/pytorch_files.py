"""PyTorch files as tensors by name; pickles by PyTorch, and weights only.

No code in a file is ever run: a reader of pickles without PyTorch would be
one more that has to be safe. `.safetensors` files are read without it.
"""

from __future__ import annotations

import argparse
import contextlib
import pickle
import zipfile
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from types import ModuleType

import numpy as np

from simclrv2_tf.checkpoints import detection
from simclrv2_tf.checkpoints import safetensors
from simclrv2_tf.checkpoints.arrays import Shape
from simclrv2_tf.files.errors import file_errors

METADATA = "simclrv2"  # key of the network's arguments, as JSON
INSTALL = "pip install 'simclrv2_tf[torch]'"
_WRAPPERS = ("state_dict", "model_state_dict", "model")
# Dictionaries beside the weights that are none: states of a training.
_STATES = ("optim", "scheduler", "lr_scheduler", "scaler", "callbacks", "loops")


def open_file(
    path: str,
) -> tuple[dict[str, Shape], Callable[[str], np.ndarray], dict[str, str]]:
    """Opens a PyTorch file.

    Args:
      path: Of a `.safetensors` file, or of a pickle (`.pth`, `.pt`).

    Returns:
      {name: shape}, a function from a name to its array, and {string:
      string} of what else the file tells.

    Raises:
      ValueError: If the file is damaged, or holds anything but weights.
    """
    with file_errors(path):
        if detection.kind(path) == detection.SAFETENSORS:
            file = safetensors.File(path)
            return file.shapes, file.read, file.metadata
        tensors, metadata = _flattened(_load_pickle(path))
    shapes = {name: tuple(t.shape) for name, t in tensors.items()}
    return shapes, lambda name: tensors[name].float().numpy(), metadata


def import_torch() -> ModuleType:
    """The optional package, or a sentence that says how to get it."""
    try:
        import torch
    except ImportError:
        raise ValueError(
            f"PyTorch files need PyTorch: {INSTALL} (.safetensors files are "
            "read without it)."
        ) from None
    return torch


def save(
    path: str,
    names: Iterable[str],
    tensor: Callable[[str], np.ndarray],
    metadata: Mapping[str, str],
) -> None:
    """Writes what `open_file` opens, as `torch.save` does.

    Args:
      path: Of the file.
      names: Names of the tensors.
      tensor: Function from a name to its array.
      metadata: {string: string}.
    """
    torch = import_torch()
    state = {name: torch.from_numpy(tensor(name)) for name in names}
    with open(path, "wb") as file:
        try:
            torch.save({"state_dict": state, **metadata}, file)
        except RuntimeError as error:  # the archive's, after a write failed
            raise _first(error) from None


def _first(error):
    """The file system's error behind one of PyTorch's."""
    while error.__context__ and not isinstance(error, OSError):
        error = error.__context__
    return error if isinstance(error, OSError) else OSError(str(error))


def _load_pickle(path):
    torch = import_torch()
    _refuse_script(path)
    try:
        with open(path, "rb"):  # so that a missing permission is the error
            pass
        with _harmless(torch):
            return _load_weights(torch, path)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"{path!r} cannot be read: it holds more than weights, or is no "
            "PyTorch file, and code in a file is never run; save its "
            "`state_dict()` alone, best as .safetensors."
        ) from error
    except OSError:
        raise
    except Exception as error:  # damaged bytes make it raise whatever there is
        raise ValueError(
            f"{path!r} cannot be read: it is truncated or damaged, or no "
            "PyTorch file; copy or download it again."
        ) from error


def _refuse_script(path):
    """Raises a ValueError for a program that `torch.jit.save` wrote."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        if any("/code/" in name for name in archive.namelist()):
            raise ValueError(
                f"{path!r} holds a TorchScript program, and code in a file is "
                "never run: save the `state_dict()` of the module, best as "
                ".safetensors."
            )


def _load_weights(torch, path):
    try:
        return torch.load(path, "cpu", weights_only=True, mmap=True)
    except (RuntimeError, ValueError):  # files of PyTorch before 1.6
        return torch.load(path, "cpu", weights_only=True)


def _harmless(torch):
    """Allows the harmless types that training scripts keep beside weights.

    That is their arguments, and numbers of numpy such as the best accuracy.
    """
    if torch.torch_version.TorchVersion(torch.__version__) < (2, 6):
        return contextlib.nullcontext()
    scalar, _ = np.float64(0).__reduce__()
    kinds = {type(np.dtype(code)) for code in "?bhilqBHILQefd"}
    old = (scalar, "numpy.core.multiarray.scalar")  # its name in numpy 1
    return torch.serialization.safe_globals(
        [argparse.Namespace, scalar, old, np.dtype, *kinds]
    )


def _check_plain(torch, name, tensor):
    """Raises a ValueError for what is no plain array of numbers."""
    odd = tensor.is_quantized or tensor.is_complex()
    if odd or tensor.layout != torch.strided:
        raise ValueError(
            "Expected dense tensors of real numbers. Received: "
            f"{str(name)!r} of {tensor.dtype}, {tensor.layout}; save the "
            "network's weights as float32."
        )


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
            if str(name).startswith(_STATES):
                continue
            below, _ = _flattened(value)
            tensors |= {f"{name}.{n}": t for n, t in below.items()}
        elif isinstance(value, torch.Tensor):
            _check_plain(torch, name, value)
            tensors[str(name)] = value.detach()
    return tensors, metadata
