"""SimCLRv2 in TensorFlow: pretrain, fine-tune, distil, serve."""

import importlib
from typing import TYPE_CHECKING

import wrapt

from simclrv2_tf import keras_settings
from simclrv2_tf.machine import onednn

__version__ = "0.1.0"

# Public name -> module; loaded when first asked for, since TensorFlow takes
# seconds to load.
_HOME = {
    "Backbone": "models.backbone",
    "Config": "config",
    "Distill": "stages.distill",
    "FineTune": "stages.finetune",
    "LARS": "optimizers",
    "NTXent": "losses",
    "Network": "models.network",
    "Pretrain": "stages.pretrain",
    "build_network": "models.network",
    "convert": "hub",
    "curate": "api",
    "distill": "api",
    "embed": "api",
    "evaluate": "api",
    "export_model": "api",
    "finetune": "api",
    "load_backbone": "hub",
    "load_classifier": "recipes.job_classifier",
    "load_network": "hub",
    "predict": "api",
    "pretrain": "api",
    "probe": "api",
    "publish": "api",
    "published": "hub",
    "quiet_tensorflow": "console.quiet_start",
    "recommend": "api",
    "report": "api",
    "semi_supervised": "api",
    "views": "data.views",
}

# Rooms with public names of their own.
_ROOMS = ("reports",)

if TYPE_CHECKING:  # for editors; a test holds it to the tables
    from simclrv2_tf import reports as reports
    from simclrv2_tf.api import curate as curate
    from simclrv2_tf.api import distill as distill
    from simclrv2_tf.api import embed as embed
    from simclrv2_tf.api import evaluate as evaluate
    from simclrv2_tf.api import export_model as export_model
    from simclrv2_tf.api import finetune as finetune
    from simclrv2_tf.api import predict as predict
    from simclrv2_tf.api import pretrain as pretrain
    from simclrv2_tf.api import probe as probe
    from simclrv2_tf.api import publish as publish
    from simclrv2_tf.api import recommend as recommend
    from simclrv2_tf.api import report as report
    from simclrv2_tf.api import semi_supervised as semi_supervised
    from simclrv2_tf.config import Config as Config
    from simclrv2_tf.console.quiet_start import (
        quiet_tensorflow as quiet_tensorflow,
    )
    from simclrv2_tf.data.views import views as views
    from simclrv2_tf.hub import convert as convert
    from simclrv2_tf.hub import load_backbone as load_backbone
    from simclrv2_tf.hub import load_network as load_network
    from simclrv2_tf.hub import published as published
    from simclrv2_tf.losses import NTXent as NTXent
    from simclrv2_tf.models.backbone import Backbone as Backbone
    from simclrv2_tf.models.network import Network as Network
    from simclrv2_tf.models.network import build_network as build_network
    from simclrv2_tf.optimizers import LARS as LARS
    from simclrv2_tf.recipes.job_classifier import (
        load_classifier as load_classifier,
    )
    from simclrv2_tf.stages.distill import Distill as Distill
    from simclrv2_tf.stages.finetune import FineTune as FineTune
    from simclrv2_tf.stages.pretrain import Pretrain as Pretrain

__all__ = sorted([*_HOME, *_ROOMS])

onednn.use()

# Now if Keras is loaded, else as soon as it is.
wrapt.register_post_import_hook("simclrv2_tf.keras_objects:register", "keras")


def __getattr__(name):
    if name in _ROOMS:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    keras_settings.check_backend()
    module = importlib.import_module(f"{__name__}.{_HOME[name]}")
    return getattr(module, name)


def __dir__():
    return [*__all__, "__version__"]
