"""Weights from one format to another, and proof that both answer alike."""

import os
import tempfile

import numpy as np

from simclrv2_tf.checkpoints import arrays as checks
from simclrv2_tf.checkpoints import layout
from simclrv2_tf.checkpoints import pytorch
from simclrv2_tf.checkpoints import staging
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.checkpoints import tf2
from simclrv2_tf.checkpoints.reading import explained
from simclrv2_tf.hub import load

FORMATS = ("keras", "weights.h5", "tf1", "tf2", "safetensors", "pth")
TOLERANCE = 1e-4  # relative L2 error of an endpoint, both sides in float32
_SUFFIXES = {
    ".keras": "keras",
    ".weights.h5": "weights.h5",
    ".safetensors": "safetensors",
    ".pth": "pth",
    ".pt": "pth",
}
_PREFIXES = {"model.ckpt": "tf1", "ckpt": "tf2"}


def convert(source, target, form=None, ema=False, ignore=None, **overrides):
    """Writes weights in another format.

    Args:
      source: See `hub.load_network`.
      target: Path of a file, or prefix of a checkpoint.
      form: One of `FORMATS`; told by the target's name unless given:
        `.keras`, `.weights.h5`, `.safetensors`, `.pth`, `model.ckpt-N`
        ("tf1") or `ckpt-N` ("tf2").
      ema: See `hub.load_network`.
      ignore: See there.
      **overrides: Arguments of `Network` that weights do not tell, such as
        `ft_proj_selector`.

    Returns:
      The format that was written.

    Raises:
      ValueError: If the source cannot be read or the target not be written;
        there is then no target.
    """
    form = form or format_of(target)
    _check_form(form)
    if form in ("keras", "weights.h5"):
        network = load.load_network(source, ema, ignore=ignore, **overrides)
        _write_keras(network, target)
        return form
    found = load.find_weights(source, ema, ignore)
    arguments = {**found.arguments, **overrides}
    _check_complete(found.arrays, arguments)
    _WRITERS[form](target, found.arrays, arguments)
    return form


def format_of(target):
    """The format that a target's name tells.

    Raises:
      ValueError: If it tells none.
    """
    for suffix, form in _SUFFIXES.items():
        if target.endswith(suffix):
            return form
    for beginning, form in _PREFIXES.items():
        if os.path.basename(target).startswith(beginning):
            return form
    raise ValueError(
        "The target's name must tell its format: *.keras, *.weights.h5, "
        "*.safetensors, *.pth, model.ckpt-N (TF1) or ckpt-N (tf2); or give "
        f"one of {list(FORMATS)}. Received: {target!r}"
    )


def _check_form(form):
    if form not in FORMATS:
        raise ValueError(
            f"`form` must be one of {list(FORMATS)}. Received: {form!r}"
        )


def _check_complete(arrays, arguments):
    """Every array of the network, of its shape, and finite."""
    wanted = layout.shapes(arguments)
    held = checks.shapes_of(arrays)
    differing = sorted(
        n for n in {**wanted, **held} if wanted.get(n) != held.get(n)
    )
    if differing:
        raise ValueError(
            "The weights are not those of one network: "
            f"{len(differing)} variables are missing, unexpected or of "
            f"another shape ({', '.join(differing[:5])})."
        )
    checks.check_finite(arrays)


def _write_keras(network, target):
    with staging.files(target) as staged:
        if target.endswith(".keras"):
            network.save(staged)
        else:
            network.save_weights(staged)


def _write_tf1(target, arrays, arguments):
    del arguments  # names and shapes are all that TF1 keeps
    tf1.write(target, arrays)


_WRITERS = {
    "tf1": _write_tf1,
    "tf2": tf2.write,
    "safetensors": pytorch.write,
    "pth": pytorch.write,
}


def compare(source, target, images=2, size=64, seed=0, **loading):
    """Relative L2 errors between the endpoints of two sets of weights.

    Args:
      source: See `hub.load_network`.
      target: The same; PyTorch files are run in PyTorch.
      images: Random images to compare on.
      size: Their side in pixels.
      seed: Of the images, which are uniform in [0, 1).
      **loading: For `hub.load_network`, for both sides: `ft_proj_selector`;
        `ema` and `ignore` for the source alone.

    Returns:
      {endpoint: relative L2 error}.
    """
    own = {k: loading.pop(k) for k in ("ema", "ignore") if k in loading}
    pixels = np.random.default_rng(seed).random(
        (images, size, size, 3), np.float32
    )
    with tempfile.TemporaryDirectory() as directory:
        kept = os.path.join(directory, "expected.npz")
        np.savez(kept, **_answers(source, pixels, **own, **loading))
        answered = _answers_of_target(target, pixels, loading)
        with np.load(kept, allow_pickle=False) as expected:
            return {k: error(answered[k], expected[k]) for k in expected}


def _answers(source, pixels, **loading):
    network = load.load_network(source, **loading)
    endpoints = network(pixels, training=False)
    return {name: np.asarray(value) for name, value in endpoints.items()}


def _answers_of_target(target, pixels, loading):
    if not target.endswith((".safetensors", ".pth", ".pt")):
        return _answers(target, pixels, **loading)
    from simclrv2_tf.checkpoints import pytorch_files

    torch = pytorch_files.import_torch()
    from simclrv2_tf.checkpoints import pytorch_module

    with explained(target), torch.no_grad():
        network = pytorch_module.load(target, **loading)
        endpoints = network(torch.from_numpy(pixels.transpose(0, 3, 1, 2)))
    return {name: _channels_last(v.numpy()) for name, v in endpoints.items()}


def _channels_last(array):
    return array.transpose(0, 2, 3, 1) if array.ndim == 4 else array


def error(answered, expected):
    """Relative L2 error."""
    difference = np.linalg.norm(np.ravel(answered - expected))
    return float(difference / np.linalg.norm(np.ravel(expected)))
