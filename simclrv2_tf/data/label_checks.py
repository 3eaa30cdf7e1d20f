"""Whether images, labels and names of classes go together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from simclrv2_tf.data.storage.channels_last import check_channels_last
from simclrv2_tf.data.storage.interface import Storage


def check_labels(labels: Any, name: str) -> None:
    """Raises a ValueError unless labels are one whole number each."""
    if not isinstance(labels, np.ndarray):
        received = type(labels).__name__
    elif labels.ndim != 1 or labels.dtype.kind not in "iu":
        received = f"{labels.dtype} of the shape {labels.shape}"
    else:
        return
    raise ValueError(
        "`labels` must be an array of whole numbers, int32 (examples,), one "
        f"for each image. Received: {received} for {name}; give "
        "np.array(labels, np.int32), -1 for unlabelled"
    )


def check_images(storage: Storage, labels: np.ndarray, name: str) -> None:
    """Raises a ValueError unless there is one label for each image."""
    if len(storage) != len(labels):
        raise ValueError(
            f"`labels` must have one for each image of {name}. Received: "
            f"{len(labels)} labels and {len(storage)} images; -1 stands for "
            "unlabelled"
        )
    shape = storage.image_shape
    if shape is None:
        return
    if len(shape) != 3:
        raise ValueError(
            f"The images of {name} must be an array (examples, height, width, "
            f"channels). Received: the shape {(len(storage), *shape)}; grey "
            "images have one channel, array[..., np.newaxis]"
        )
    check_channels_last((len(storage), *shape), f"The images of {name}")


def check_classes(
    class_names: Sequence[str] | None, labels: np.ndarray, name: str
) -> None:
    """Raises a ValueError for a label outside of the classes that are named.

    Where none are named, `labels` may number anything; see `check_named`.
    """
    if not len(labels):
        return
    low, high = int(labels.min()), int(labels.max())
    if low < -1:
        raise ValueError(
            "`labels` must be numbers of classes from 0 on, or -1 for "
            f"unlabelled. Received: {low} for {name}"
        )
    if class_names is not None and high >= len(class_names):
        raise ValueError(
            "`class_names` must name the class of each label, which are "
            f"numbered from 0. Received: {len(class_names)} names and the "
            f"label {high} for {name}; name all classes, or subtract 1 from "
            "labels that begin at 1"
        )


def check_named(
    class_names: Sequence[str] | None, labels: np.ndarray, name: str
) -> None:
    """Raises a ValueError for labels whose classes have no names."""
    if class_names is None and len(labels) and labels.max() >= 0:
        last = int(labels.max())
        raise ValueError(
            "`class_names` must name the class of each label. Received: "
            f"class_names=None and labels up to {last} for {name}; give "
            f"class_names=tuple(map(str, range({last + 1}))) for numbers, or "
            "labels of -1 for unlabelled images"
        )
