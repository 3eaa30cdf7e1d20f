"""SimCLR's views of the images of any `tf.data.Dataset`."""

from __future__ import annotations

import tensorflow as tf

from simclrv2_tf.data.augment import boxes
from simclrv2_tf.data.augment import policy
from simclrv2_tf.data.augment.crops import image_views
from simclrv2_tf.data.augment.simclr import AREA
from simclrv2_tf.data.augment.simclr import GRAY_SHARE
from simclrv2_tf.data.random import fold

# What the numbers drawn from a seed are for.
CROPS, COLOURS = 0, 1


def views(
    dataset: tf.data.Dataset,
    image_size: int,
    batch_size: int | None = None,
    color_jitter_strength: float = 1.0,
    use_blur: bool = True,
    seed: int = 0,
    random_flip: bool = True,
    crop_area_min: float = AREA[0],
    grayscale_prob: float = GRAY_SHARE,
) -> tf.data.Dataset:
    """Two random views of each image, as `Pretrain.fit` takes them.

    Each is cropped, mirrored, distorted in its colours and blurred, as SimCLR
    does it; a `Pretrain` that trains on them needs no `augment`. Every pass
    through the data set draws anew, and a program that runs again draws the
    same.

    Args:
      dataset: A `tf.data.Dataset` of images (height, width, channels) of any
        sizes, uint8 or uint16, or float in [0, 1]; or of (image, label); or
        of batches of either.
      image_size: Side of the views in pixels.
      batch_size: Images in a batch, what is left over at the end is dropped;
        None for batches as they come.
      color_jitter_strength: Of the colour distortion, 0 or more; 0.5 for
        small images.
      use_blur: Whether every second view is blurred.
      seed: int, 0 or more.
      random_flip: Whether every second view is mirrored.
      crop_area_min: Area of the smallest crop, share of the image in (0, 1].
      grayscale_prob: Share of the views that turn grey, in [0, 1]; none does
        where `color_jitter_strength` is 0.

    Returns:
      A `tf.data.Dataset` of ((view_a, view_b), labels), views float32
      (batch, image_size, image_size, channels) in [0, 1], labels int32
      (batch,), -1 where there are none.

    Raises:
      ValueError: If an element is no image or (image, label), or no batch
        size is known.

    Example:
      >>> pairs = views(images.shuffle(1000), 32, batch_size=256)
      >>> stage.fit(pairs, epochs=10)
    """
    image, _ = _image_and_label(dataset.element_spec)
    _check(image)
    if image.shape.rank == 4:
        batch_size = batch_size or image.shape[0]
        dataset = dataset.unbatch()
    if not batch_size:
        raise ValueError(
            "Views come in batches: give `batch_size`. Received: batch_size="
            f"{batch_size} and images of shape {image.shape}"
        )

    crop = _cropper(image_size, seed, random_flip, crop_area_min)
    distort = _distorter(
        seed,
        strength=color_jitter_strength,
        blur=use_blur,
        grayscale=grayscale_prob,
    )
    numbered = tf.data.Dataset.zip(_numbers(seed), dataset)
    crops = numbered.map(crop, tf.data.AUTOTUNE, deterministic=True)
    batches = crops.batch(batch_size, drop_remainder=True)
    return batches.map(distort, tf.data.AUTOTUNE).prefetch(1)


def _cropper(image_size, seed, flip, least_area):
    """Function (number, element) to the number, two crops and a label."""

    @tf.autograph.experimental.do_not_convert  # nothing to convert, and slow
    def crop(number, element):
        image, label = _image_and_label(element)
        own = fold(seed, CROPS, *_halves(number))
        draws = boxes.draw(own, 1, 2, flip=flip)
        draws = boxes.Draws(*(values[0] for values in draws))
        crops = image_views(_in_range(image), draws, image_size, least_area)
        return number, crops, tf.reshape(tf.cast(label, tf.int32), [])

    return crop


def _distorter(seed, **options):
    """Function (numbers, crops, labels) of a batch to its views and labels."""

    @tf.autograph.experimental.do_not_convert  # nothing to convert, and slow
    def distort(numbers, crops, labels):
        own = fold(seed, COLOURS, *_halves(numbers[0]))
        pair = tuple(
            policy.augment_views(crop, fold(own, view), **options)
            for view, crop in enumerate(crops)
        )
        return pair, labels

    return distort


def _numbers(seed):
    """A random number for each element, others in each pass."""
    return tf.data.Dataset.random(seed, rerandomize_each_iteration=True)


def _halves(number):
    """An int64 as two int32, which seeds are made of."""
    return number // 2**31, number % 2**31


def _image_and_label(element):
    """Both of an element, or of its specification; -1 for no label."""
    parts = element if isinstance(element, (tuple, list)) else (element,)
    if len(parts) > 2 or isinstance(parts[0], (tuple, list, dict)):
        raise ValueError(
            "Views are made of a data set of images, or of (image, label). "
            f"Received elements: {element}"
        )
    return (*parts, tf.constant(-1))[:2]


def _check(image):
    """Raises a ValueError unless a specification is that of pixels."""
    ranks = (3, 4)
    known = image.shape.rank in ranks and image.shape[-1] is not None
    if not known or image.dtype == tf.string:
        raise ValueError(
            "Views are made of decoded images (height, width, channels), or "
            "batches of them, whose channels are known: set their shape with "
            f"`tf.ensure_shape`. Received: {image.dtype.name} of shape "
            f"{image.shape}"
        )
    if image.dtype not in (tf.uint8, tf.uint16) and not image.dtype.is_floating:
        raise ValueError(
            "Images must be uint8 or uint16, or float in [0, 1]. Received: "
            f"{image.dtype.name}"
        )


def _in_range(image):
    """The image; floats as float32, refused outside [0, 1]."""
    if image.dtype.is_integer:
        return image
    image = tf.cast(image, tf.float32)
    within = tf.reduce_all((image >= 0.0) & (image <= 1.0))
    check = tf.debugging.Assert(
        within,
        [
            "Float images must lie in [0, 1]: divide those in 0 to 255 by 255."
            " Received, smallest and largest value:",
            tf.reduce_min(image),
            tf.reduce_max(image),
        ],
    )
    with tf.control_dependencies([check]):
        return tf.identity(image)
