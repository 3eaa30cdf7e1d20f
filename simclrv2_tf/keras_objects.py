"""Keras finds our classes by name after `import simclrv2_tf` alone.

Loading a class loads TensorFlow, which takes seconds. So each registered name
stands for its class at first, and the class is loaded when a file asks for it.
`wrapt`, which TensorFlow requires, says when Keras is there; it adds 40 ms.
"""

import importlib

PACKAGE = "simclrv2_tf"
# Class -> module; a test holds it to the classes that are registered.
MODULES = {
    "Backbone": "models.backbone",
    "BatchNorm": "models.normalization",
    "Conv2D": "models.convolution",
    "LARS": "optimizers",
    "NTXent": "losses",
    "Network": "models.network",
}


def register(_) -> None:
    """Registers our classes with Keras, unless they are loaded already."""
    from keras.saving import get_custom_objects

    objects = get_custom_objects()
    for name in MODULES:
        objects.setdefault(f"{PACKAGE}>{name}", _stand_in(name))


def _stand_in(name):
    """A class that loads another of ours when it is made or read."""

    def load():
        module = importlib.import_module(f"{PACKAGE}.{MODULES[name]}")
        return getattr(module, name)

    class StandIn:
        def __new__(cls, *args, **kwargs):
            return load()(*args, **kwargs)

        @classmethod
        def from_config(cls, config):
            return load().from_config(config)

    return StandIn
