"""What makes a directory of shards a TFDS data set."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

VERSION = "1.0.0"
INFO = "dataset_info.json"
DESCRIPTION = "Prepared by simclrv2_tf."


def version_directory(target: str) -> str:
    """Where files go: the directory, if it ends in a version, or 1.0.0 in it.

    TFDS looks for DATA_DIR/NAME/VERSION.
    """
    target = os.path.expanduser(target).rstrip("/")
    if re.fullmatch(r"\d+\.\d+\.\d+", os.path.basename(target)):
        return target
    return os.path.join(target, VERSION)


def dataset_name(directory: str) -> str:
    """The name that TFDS gives the data set of a version's directory."""
    folder = os.path.basename(os.path.dirname(os.path.abspath(directory)))
    name = re.sub(r"\W+", "_", folder.lower()).strip("_")
    return name if re.match(r"[a-z]", name) else f"data_{name}"


def shard_path(directory: str, split: str, index: int, total: int) -> str:
    """The file of a shard, named as TFDS names it."""
    name = dataset_name(directory)
    return os.path.join(
        directory, f"{name}-{split}.tfrecord-{index:05d}-of-{total:05d}"
    )


def features(
    image_format: str, class_names: Sequence[str] | None, channels: int = 3
) -> Any:
    """The TFDS features of an example: an image and perhaps a label."""
    import tensorflow_datasets as tfds

    image = tfds.features.Image(
        shape=(None, None, channels), encoding_format=image_format
    )
    if not class_names:
        return tfds.features.FeaturesDict({"image": image})
    label = tfds.features.ClassLabel(names=list(class_names))
    return tfds.features.FeaturesDict({"image": image, "label": label})


def write_metadata(
    directory: str, features: Any, splits: dict[str, list[tuple[int, int]]]
) -> None:
    """Writes what TFDS reads first: the features, and the size of each shard.

    Args:
      directory: Of the version.
      features: TFDS features.
      splits: Dictionary from splits to lists of (examples, bytes), one for
        each shard.
    """
    import tensorflow_datasets as tfds

    template = tfds.core.ShardedFileTemplate(
        data_dir=directory,
        dataset_name=dataset_name(directory),
        filetype_suffix="tfrecord",
    )
    infos = [
        tfds.core.SplitInfo(
            name=split,
            shard_lengths=[examples for examples, _ in sizes],
            num_bytes=sum(size for _, size in sizes),
            filename_template=template,
        )
        for split, sizes in splits.items()
    ]
    tfds.folder_dataset.write_metadata(
        data_dir=directory,
        features=features,
        split_infos=infos,
        filename_template=template,
        version=os.path.basename(directory),
        description=DESCRIPTION,
        check_data=False,
    )


def point_from(target: str, directory: str) -> None:
    """Lets `tfds.builder_from_directory` open the directory above as well.

    The same metadata is written there, with the version's directory in the
    names of the shards.
    """
    version = os.path.relpath(directory, target)
    if version == ".":
        return
    for name in tf.io.gfile.listdir(directory):
        if name.endswith((".json", ".labels.txt")):
            with tf.io.gfile.GFile(os.path.join(directory, name)) as file:
                text = file.read()
            if name == INFO:
                text = _with_folder(json.loads(text), version)
            with tf.io.gfile.GFile(os.path.join(target, name), "w") as file:
                file.write(text)


def _with_folder(info, version):
    for split in info["splits"]:
        split["filepathTemplate"] = f"{version}/{split['filepathTemplate']}"
    return json.dumps(info, indent=2, sort_keys=True)
