"""Checks that a run's directory lies outside of its training images."""

from __future__ import annotations

from simclrv2_tf.config import Config
from simclrv2_tf.data.sources.surrounding_folder import surrounding_folder


def check(config: Config) -> None:
    """Raises a ValueError if a run would write among its own images.

    The pictures that it writes would be read as images of one more class.

    Args:
      config: Of training, or of a plan for it.
    """
    if not config.model_dir:
        return
    root = surrounding_folder(config.dataset, config.model_dir)
    if root:
        raise ValueError(
            "--model_dir must lie outside the images' folder, where what "
            "it holds would be taken for images. Received: "
            f"{config.model_dir!r} in {root!r}; give another directory."
        )
