"""Files that Keras writes: `.keras` with a network, `.weights.h5` without."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import zipfile

from simclrv2_tf.checkpoints import detection
from simclrv2_tf.checkpoints import h5
from simclrv2_tf.checkpoints import keras_layout
from simclrv2_tf.checkpoints.any_format import Weights
from simclrv2_tf.checkpoints.arrays import Arrays
from simclrv2_tf.files.errors import file_errors
from simclrv2_tf.files.errors import first_line
from simclrv2_tf.models.network import Network


def read(path: str, kind: str) -> Weights:
    """Reads a `.keras` or `.weights.h5` file by way of a network.

    Args:
      path: Of the file.
      kind: `detection.KERAS` or `detection.H5`.

    Raises:
      ValueError: If it cannot be read, or holds another model.
    """
    with file_errors(path):
        whole = kind == detection.KERAS
        arguments = _config(path) if whole else h5.infer(path)
        network = Network(**arguments)
        try:
            with _weights_alone(path, whole) as named:
                network.load_weights(named)
        except (ValueError, KeyError, RuntimeError) as error:
            raise ValueError(
                f"{path!r} cannot be read: its weights do not fit the network "
                f"that it describes ({first_line(error)})."
            ) from error
    variables = network.named_variables()
    arrays = Arrays(
        {name: v.shape for name, v in variables.items()},
        lambda name: variables[name].numpy(),
    )
    return Weights.make("Keras", path, arrays, arguments)


@contextlib.contextmanager
def _weights_alone(path, whole):
    """A file of the weights, under a name by which Keras knows the format.

    Those of a whole network are taken out of its archive first: in there,
    every seek reads all that lies before it again.
    """
    if not whole and path.endswith(".weights.h5"):
        yield path
        return
    with tempfile.TemporaryDirectory() as directory:
        named = os.path.join(directory, "x.weights.h5")
        if whole:
            with (
                zipfile.ZipFile(path) as archive,
                archive.open("model.weights.h5") as weights,
                open(named, "wb") as file,
            ):
                shutil.copyfileobj(weights, file, 2**20)
        else:
            os.symlink(os.path.abspath(path), named)
        yield named


def holds_network(path: str | os.PathLike[str]) -> bool:
    """Whether a `.keras` file holds a `Network`, and no other model.

    Raises:
      ValueError: If it cannot be read.
    """
    with file_errors(os.fspath(path)):
        return _described(path).get("class_name") == Network.__name__


def _described(path):
    """What a `.keras` file says of the model that it holds."""
    with zipfile.ZipFile(path) as archive:
        try:
            return dict(json.loads(archive.read("config.json")))
        except (TypeError, ValueError, KeyError):
            raise OSError("its config.json") from None


def _config(path):
    """The arguments of the `Network` in a `.keras` file."""
    described = _described(path)
    if described.get("class_name") != Network.__name__:
        raise ValueError(
            f"Expected {path!r} to hold a Network. Received: "
            f"{described.get('class_name')!r}"
        )
    try:
        config = {k: v for k, v in described["config"].items() if k != "name"}
    except (KeyError, AttributeError):
        raise OSError("its config.json") from None
    if config.get("backbone"):
        keras_layout.check_kept(config["backbone"])
    return config
