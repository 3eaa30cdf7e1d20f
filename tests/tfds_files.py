"""Data sets as TFDS prepares them, made without a network."""

import tensorflow as tf
import tensorflow_datasets as tfds


def write_tfds(directory, features, splits, name="shapes", **options):
    """The directory of a set; `splits` is {split: {feature: column}}."""
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        features=tfds.features.FeaturesDict(features),
        split_datasets={
            split: tf.data.Dataset.from_tensor_slices(columns)
            for split, columns in splits.items()
        },
        data_dir=directory,
        disable_shuffling=True,
        **options,
    )
    return f"{directory}/{name}"


def image_and_label(shape, names):
    """Features of images of this shape and of classes of these names."""
    return {
        "image": tfds.features.Image(shape=shape),
        "label": tfds.features.ClassLabel(names=names),
    }
