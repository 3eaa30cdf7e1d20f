"""What a format does not keep of a network, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simclrv2_tf.checkpoints import architecture
from simclrv2_tf.checkpoints import layout
from simclrv2_tf.checkpoints import naming

_DESCRIBED = ("keras", "safetensors", "pth")  # these keep all arguments
_OF_KERAS = (
    "the file does not keep the Keras backbone: Keras alone reads it, with "
    "`load_weights` of the same network; write .keras for load_network, "
    "--checkpoint and --check"
)


def sentences(form: str, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """Sentences on what a file of weights does not keep of its network.

    Args:
      form: One of `conversion.FORMATS`.
      arguments: Those of `Network` that the weights belong to.

    Returns:
      Tuple of sentences, () if the file tells all that answers depend on.
    """
    if form in _DESCRIBED:
        return ()
    if arguments.get("backbone"):
        return (_OF_KERAS,)
    lost = _lost(arguments, _kept(form, arguments))
    if not lost:
        return ()
    given = ", ".join(f"{n}={arguments[n]}" for n in lost)
    return (f"the file does not keep {given}: give them when it is loaded",)


def _kept(form, arguments):
    """The arguments that names and shapes in a file tell."""
    kept = architecture.infer(layout.shapes(arguments))
    if form == "tf2":  # whose objects stand elsewhere behind an average
        kept |= naming.beyond_shapes({**kept, **arguments})
    return kept


def _lost(arguments, kept):
    """Names of the arguments that one who reads the file must give."""
    classes = arguments.get("num_classes", 1000)
    size = arguments.get("image_size", 224)
    selective = bool(arguments.get("sk_ratio"))
    lost = {
        "ft_proj_selector": classes and arguments.get("ft_proj_selector"),
        "image_size": size != kept["image_size"],
        "sk_ratio": selective != bool(kept["sk_ratio"]),
        "input_mean": arguments.get("input_mean"),
        "input_std": arguments.get("input_std"),
    }
    return [name for name, is_lost in lost.items() if is_lost]
