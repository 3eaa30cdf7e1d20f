"""Networks from what users have: published weights, and any others.

`load_network(source)` brings a network, `load_backbone(source)` the part of it
to build upon, `published()` lists what there is to fetch, `convert(source,
target)` writes weights in another format, and `compare(source, target)` shows
that both sides answer alike.
"""

from simclrv2_tf.hub.catalogue import published as published
from simclrv2_tf.hub.catalogue import table as table
from simclrv2_tf.hub.comparison import TOLERANCE as TOLERANCE
from simclrv2_tf.hub.comparison import compare as compare
from simclrv2_tf.hub.conversion import convert as convert
from simclrv2_tf.hub.feature_extractor import load_backbone as load_backbone
from simclrv2_tf.hub.load import find_weights as find_weights
from simclrv2_tf.hub.load import load_network as load_network
