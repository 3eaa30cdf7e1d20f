"""What Keras must be set to: TensorFlow, and the channels last."""

from __future__ import annotations

import os
import sys


def check_backend() -> None:
    """Raises an ImportError unless Keras computes with TensorFlow.

    To be called before Keras is imported, which raises an error of its own
    where the selected backend is not installed.
    """
    backend = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if "keras" in sys.modules:
        backend = sys.modules["keras"].config.backend()
    if backend != "tensorflow":
        raise ImportError(
            "Keras must compute with TensorFlow here: set "
            "KERAS_BACKEND=tensorflow before Keras is imported. Received: "
            f"the backend {backend!r}"
        )


def check_image_format() -> None:
    """Raises a ValueError unless images have their channels last."""
    import keras

    layout = keras.config.image_data_format()
    if layout != "channels_last":
        raise ValueError(
            "Images must have their channels last: call "
            "keras.config.set_image_data_format('channels_last'), or say so "
            f"in keras.json. Received: {layout!r}"
        )
