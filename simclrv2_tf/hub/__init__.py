"""Networks from what users have: published weights, and any others.

`load_network(source)` brings a network, `load_backbone(source)` the part of it
to build upon, `published()` lists what there is to fetch, `convert(source,
target)` writes weights in another format, and `compare(source, target)` shows
that both sides answer alike.
"""

import importlib
from typing import TYPE_CHECKING

from simclrv2_tf.hub.catalogue import published as published
from simclrv2_tf.hub.catalogue import table as table

# Public name -> module; loaded when first asked for, since the list of models
# needs no TensorFlow.
_HOME = {
    "TOLERANCE": "comparison",
    "compare": "comparison",
    "convert": "conversion",
    "load_backbone": "feature_extractor",
    "find_weights": "load",
    "holds_network": "keras_archive",
    "load_network": "load",
}

if TYPE_CHECKING:  # for editors
    from simclrv2_tf.hub.comparison import TOLERANCE as TOLERANCE
    from simclrv2_tf.hub.comparison import compare as compare
    from simclrv2_tf.hub.conversion import convert as convert
    from simclrv2_tf.hub.feature_extractor import load_backbone as load_backbone
    from simclrv2_tf.hub.keras_archive import holds_network as holds_network
    from simclrv2_tf.hub.load import find_weights as find_weights
    from simclrv2_tf.hub.load import load_network as load_network


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_HOME[name]}")
    return getattr(module, name)
