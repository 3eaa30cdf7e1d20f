"""The features of TFDS data sets that hold images and labels."""

from __future__ import annotations

from typing import Any

from simclrv2_tf.data.sources.columns import IMAGES
from simclrv2_tf.data.sources.columns import LABELS
from simclrv2_tf.data.sources.columns import first_known
from simclrv2_tf.data.sources.missing_label import MissingLabel
from simclrv2_tf.data.sources.opening import SourceOptions


def image_and_label(
    features: Any, name: str, options: SourceOptions
) -> tuple[str, str | None]:
    """Names of the features of images and of labels, None for no label.

    Args:
      features: `tfds.features.FeaturesDict`.
      name: Of the data set, for messages.
      options: `SourceOptions`.

    Raises:
      NoLabelError: If the label that `options` name is missing, and must not.
      ValueError: If there is no such image.
    """
    if options.image_feature:
        _check_feature(features, options.image_feature, name)
    images = options.image_feature or _named(features, "Image", IMAGES["tfds"])
    labels = _label(features, name, options)
    if images is None:
        raise ValueError(
            "A TFDS data set must have an image among its features. Received: "
            f"{name!r} with {', '.join(features)}"
        )
    return images, labels


def usual_label(features: Any) -> str | None:
    """The feature that holds labels by its name or kind, else None."""
    return _named(features, "ClassLabel", LABELS["tfds"])


def classes_of(features: Any, label: str | None) -> tuple[str, ...] | None:
    """Names of the classes that a feature of labels tells, else None."""
    feature: Any = features[label] if label else None
    names = getattr(feature, "names", None)
    if names is None and getattr(feature, "num_classes", None):
        names = [str(index) for index in range(feature.num_classes)]
    return tuple(names) if names else None


def shape_of(feature: Any) -> tuple[int, int, int] | None:
    """(height, width, 3) if a feature says that images have one size."""
    height, width, _ = feature.shape
    return (height, width, 3) if height and width else None


def _label(features, name, options):
    label = options.label_feature
    if not label:
        return usual_label(features)
    if label in features:
        return label
    message = _no_feature(features, label, name)
    words = (f"the feature {label!r}", "1 of 1 data sets", repr(name))
    MissingLabel(message, *words).check(options.label_optional)
    return None


def _check_feature(features, feature, name):
    if feature not in features:
        raise ValueError(_no_feature(features, feature, name))


def _no_feature(features, feature, name):
    return (
        f"The data set {name!r} must have the feature {feature!r}. "
        f"Received: {', '.join(features)}"
    )


def _named(features, kind, usual):
    """The feature of a usual name, else the first of a kind, else None."""
    import tensorflow_datasets as tfds

    kind = getattr(tfds.features, kind)
    of_kind = (n for n in features if isinstance(features[n], kind))
    return first_known(usual, features) or next(of_kind, None)
