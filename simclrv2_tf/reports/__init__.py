"""Figures and pages from what a run left behind.

Most functions here return matplotlib figures and take plain arrays; they use no
global state of matplotlib, and import it when they are called. `panels`,
`project` and `nearest` make what some of them take.
"""

from simclrv2_tf.reports.class_figures import class_accuracy
from simclrv2_tf.reports.class_figures import confusion
from simclrv2_tf.reports.curves import learning
from simclrv2_tf.reports.curves import reliability
from simclrv2_tf.reports.history import panels
from simclrv2_tf.reports.label_curves import label_efficiency
from simclrv2_tf.reports.maps import embedding_map
from simclrv2_tf.reports.maps import project
from simclrv2_tf.reports.tiles import gallery
from simclrv2_tf.reports.tiles import nearest
from simclrv2_tf.reports.tiles import neighbours

__all__ = [
    "class_accuracy",
    "confusion",
    "embedding_map",
    "gallery",
    "label_efficiency",
    "learning",
    "nearest",
    "neighbours",
    "panels",
    "project",
    "reliability",
]
