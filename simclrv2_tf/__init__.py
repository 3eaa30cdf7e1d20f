"""SimCLRv2 in TensorFlow: pretrain, fine-tune, distil, serve."""

import importlib

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
    "distill": "api",
    "embed": "api",
    "evaluate": "api",
    "export_model": "api",
    "finetune": "api",
    "load_backbone": "hub",
    "load_network": "hub",
    "predict": "api",
    "pretrain": "api",
    "published": "hub",
}

__all__ = sorted(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_HOME[name]}")
    return getattr(module, name)


def __dir__():
    return [*__all__, "__version__"]
