"""Where images and labels come from."""

import dataclasses

from simclrv2_tf.config.option import BELOW_ONE
from simclrv2_tf.config.option import CHANGES_TRAINING
from simclrv2_tf.config.option import UNSET_OR_BELOW_ONE
from simclrv2_tf.config.option import Range
from simclrv2_tf.config.option import at_least
from simclrv2_tf.config.option import between
from simclrv2_tf.config.option import option


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Where images and labels come from."""

    dataset: str = option(
        "imagenet2012",
        "Data set: folder:PATH, csv:FILE, tfrecord:GLOB, npz:FILE, tar:GLOB "
        "(WebDataset's), parquet:GLOB (Hugging Face's), concat:A,B of any, "
        "digits, a TFDS name, or the directory of a TFDS data set; gs:// "
        "paths too.",
        resumed=CHANGES_TRAINING,
    )
    image_feature: str | None = option(
        None,
        "Feature, column, array or file ending that holds the images, if it "
        "has no usual name.",
        kind=str,
    )
    label_feature: str | None = option(
        None,
        "Feature, column, array or file ending that holds the labels, if it "
        "has no usual name.",
        kind=str,
    )
    label_map: str | None = option(
        None,
        "File that says which class each label stands for: lines label,class "
        "or JSON {label: class}, a class being a name or a number; an empty "
        "class leaves unlabelled.",
        kind=str,
    )
    folder_classes: str = option(
        "top",
        "Which folders of folder:PATH are classes: those at the top, or (leaf) "
        "all that hold images, named by their paths.",
        choices=("top", "leaf"),
        resumed=CHANGES_TRAINING,
    )
    apply_orientation: bool = option(
        False,
        "Turn images as their EXIF tags say; a run and its exports keep to it. "
        "Off: the tag is left alone, as in the original release.",
        resumed=CHANGES_TRAINING,
    )
    resize_shorter_side: int | None = option(
        None,
        "Pixels that the shorter side of larger images is reduced to as they "
        "are decoded, bicubic with antialiasing; a run and its exports keep to "
        "it. Unset: views and evaluation resize without antialiasing, as in "
        "the original release.",
        kind=int,
        range=Range(lambda v: v is None or v >= 1, "at least 1"),
        resumed=CHANGES_TRAINING,
    )
    exclude_images: str | None = option(
        None,
        "Table of images that are left out of all splits, such as "
        "--mode=curate writes: CSV with a column file, or one name per line.",
        kind=str,
        resumed=CHANGES_TRAINING,
    )
    data_dir: str | None = option(
        None, "Directory that holds TFDS data.", kind=str
    )
    download: bool = option(
        False, "Whether TFDS may download and prepare a missing data set."
    )
    train_split: str = option(
        "train",
        "Split to train on; TFDS slices such as train[:10%] work.",
        resumed=CHANGES_TRAINING,
    )
    eval_split: str = option(
        "validation", "Split to evaluate on; CIFAR-10 and digits have test."
    )
    holdout_fraction: float | None = option(
        None,
        "Share of each class's labelled images that training leaves out, in "
        "[0, 1); --eval_split=holdout is that share. Unset: none; the job of "
        "three stages takes 0.2 if there is no evaluation split.",
        kind=float,
        range=UNSET_OR_BELOW_ONE,
        resumed=CHANGES_TRAINING,
    )
    cache_dataset: bool = option(
        False,
        "Decode the training images once and hold them in memory, if they fit "
        "in a quarter of what is free.",
    )
    shuffle_buffer: int = option(
        0,
        "Neighbouring examples that are shuffled among themselves, as one "
        "window; windows come in random order, so that files are read piece "
        "by piece. 0: all examples. It takes no memory, as numbers are "
        "shuffled and not images.",
        range=at_least(0),
        resumed=CHANGES_TRAINING,
    )
    max_corrupt_fraction: float = option(
        0.01,
        "Share of a data set's images that may be unreadable, in [0, 1); "
        "those are named and left out, and more stop the run. One image may "
        "always be unreadable, unless this is 0.",
        range=BELOW_ONE,
    )
    label_fraction: float = option(
        1.0,
        "Share of each class whose labels are used, in (0, 1].",
        range=Range(lambda v: 0 < v <= 1, "in (0, 1]"),
        resumed=CHANGES_TRAINING,
    )
    labels_per_class: int = option(
        0,
        "Examples of each class whose labels are used; 0: all.",
        range=at_least(0),
        resumed=CHANGES_TRAINING,
    )
    label_seed: int = option(
        0,
        "Seed of the choice of labels, the same in every stage.",
        range=between(0, 2**31 - 1, "from 0 to 2**31 - 1"),
        resumed=CHANGES_TRAINING,
    )
