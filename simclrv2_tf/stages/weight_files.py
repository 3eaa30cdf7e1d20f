"""What Keras's weight files hold of a stage beside its network.

Keras writes the layers that it finds in the attributes of a model. The average
of the weights and the memory of keys are none, or they would be trained: they
stand among the stage's own variables, by name.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import keras

from simclrv2_tf.models.keras_models import keras_constants
from simclrv2_tf.models.network import Network
from simclrv2_tf.stages.weight_average import PREFIX
from simclrv2_tf.stages.weight_average import WeightAverage

NO_MODEL_FILE = (
    "A stage is saved as weights, not as a model: give ModelCheckpoint "
    "save_weights_only=True and a path that ends in .weights.h5, or call "
    "`stage.save_weights(path)`; `stage.network.save(path)` writes the network "
    "as a Keras model."
)
_LOG = logging.getLogger("simclrv2_tf")


class SavedByKeras(keras.Model):
    """A model whose weight files hold what it has beside its network.

    So do Keras's `ModelCheckpoint` and `BackupAndRestore`. Files without such
    variables, of earlier versions or of other stages, are read with a warning.
    """

    network: Network
    average: WeightAverage | None
    _average_is_missing = False

    def get_config(self) -> dict[str, Any]:
        """Raises Keras's error for what has none, with what to do instead."""
        if self._has_config():
            return super().get_config()
        raise NotImplementedError(
            f"{NO_MODEL_FILE} Received: a {type(self).__name__}, which has no "
            "config"
        )

    def save(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
        """Raises a ValueError, before a file is opened."""
        if self._has_config():
            return super().save(filepath, *args, **kwargs)
        raise ValueError(
            f"{NO_MODEL_FILE} Received: {str(filepath)!r} for a "
            f"{type(self).__name__}"
        )

    def _has_config(self):
        """Whether a subclass of the user's says how it is made again."""
        return type(self).get_config is not SavedByKeras.get_config

    def named_variables(self) -> dict[str, keras.Variable]:
        """The variables of the network by name, and of what is beside it."""
        return self.network.named_variables()

    def _beside(self):
        known = self.network.named_variables()
        named = self.named_variables().items()
        return {name: v for name, v in named if name not in known}

    def save_own_variables(self, store: Any) -> None:
        """Writes the model's own variables into Keras's store."""
        super().save_own_variables(store)
        for name, variable in self._beside().items():
            store[_key(name)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Reads the model's own variables from Keras's store."""
        arrays = {key: store[key] for key in store.keys()}
        numbered = {k: v for k, v in arrays.items() if k.isdecimal()}
        super().load_own_variables(numbered)
        missing = _assign(self._beside(), arrays)
        self._average_is_missing = any(n.startswith(PREFIX) for n in missing)
        if any(not name.startswith(PREFIX) for name in missing):
            _LOG.warning(
                "the file of weights holds no memory of keys: the memory stays "
                "as it is, that of a new stage is empty"
            )

    def load_weights(self, *args: Any, **kwargs: Any) -> None:
        """Loads weights as Keras does; an average is that of the file.

        Where the file holds none it begins anew with the weights, see
        `WeightAverage`.
        """
        super().load_weights(*args, **kwargs)
        if self.average is None:
            return
        if self._average_is_missing:
            _LOG.warning(
                "the file of weights holds no average of them: the average "
                "begins anew with these weights"
            )
            self.average.restart()
        keras_constants.refresh(self.average.network)


def _assign(
    variables: Mapping[str, keras.Variable], arrays: Mapping[str, Any]
) -> list[str]:
    """Sets all variables that there are arrays of; names of the others."""
    there = {name: _key(name) for name in variables if _key(name) in arrays}
    for name, key in there.items():
        shape, wanted = arrays[key].shape, tuple(variables[name].shape)
        if shape != wanted:
            raise ValueError(
                f"{name!r} must have the shape {wanted} in a file of weights. "
                f"Received: {shape}; make the stage with the arguments that "
                "it had"
            )
    for name, key in there.items():
        variables[name].assign(arrays[key])
    return [name for name in variables if name not in there]


def _key(name):
    """A name that makes no groups in the file."""
    return name.replace("/", ".")
