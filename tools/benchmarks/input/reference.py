"""The plain input pipeline: image by image, as the original release has it.

What `tools/benchmark.py input` compares with. Each image is decoded to a
float image; each view is cropped, resized, flipped and distorted by
TensorFlow's own image operations, chance by `tf.cond`; the blur runs over the
batch, as it does in the original's model.
"""

import tensorflow as tf

# Batches. A buffer that tunes itself grows to more than a round of the
# measurement, which then times the buffer.
PREFETCHED = 4


def train_dataset(examples, batch_size, image_size, strength=1.0, seed=None):
    """Endless batches of two views, all but the blur done.

    Args:
      examples: Finite `tf.data.Dataset` of uint8 images of any size.
      batch_size: Images in a batch.
      image_size: Side of the views in pixels.
      strength: Of the colour distortion, at most 1.25.
      seed: Of the order of examples.

    Returns:
      `tf.data.Dataset` of float32 (batch, image_size, image_size, 6).
    """
    buffer = batch_size * (50 if image_size <= 32 else 10)

    def two_views(image):
        image = tf.image.convert_image_dtype(image, tf.float32)
        views = [random_view(image, image_size, strength) for _ in range(2)]
        return tf.concat(views, axis=-1)

    return (
        examples.shuffle(buffer, seed)
        .repeat()
        .map(two_views, tf.data.AUTOTUNE, deterministic=False)
        .batch(batch_size, drop_remainder=True)
        .prefetch(PREFETCHED)
    )


def random_view(image, image_size, strength):
    """One view of an image (height, width, 3) in [0, 1], not blurred."""
    image = random_crop(image, image_size)
    image = tf.image.random_flip_left_right(image)
    image = random_color(image, strength)
    image = tf.reshape(image, [image_size, image_size, 3])
    return tf.clip_by_value(image, 0.0, 1.0)


def random_crop(image, image_size):
    """A crop of a tenth to all of the image, resized."""
    offset, size, _ = tf.image.sample_distorted_bounding_box(
        tf.shape(image),
        tf.constant([[[0.0, 0.0, 1.0, 1.0]]]),
        min_object_covered=0.1,
        aspect_ratio_range=(3 / 4, 4 / 3),
        area_range=(0.08, 1.0),
        max_attempts=100,
        use_image_if_no_bounding_boxes=True,
    )
    crop = tf.slice(image, offset, size)
    return tf.image.resize(crop, [image_size, image_size], "bicubic")


def random_color(image, strength):
    """Colour jitter of 80 % of the images, 20 % of them made grey."""
    image = sometimes(0.8, lambda x: jitter(x, strength), image)
    return sometimes(0.2, gray, image)


def sometimes(share, change, image):
    chosen = tf.random.uniform([]) < share
    return tf.cond(chosen, lambda: change(image), lambda: image)


def gray(image):
    return tf.tile(tf.image.rgb_to_grayscale(image), [1, 1, 3])


def jitter(image, strength):
    """Four operations in random order, clipped after each."""
    order = tf.random.shuffle(tf.range(4))
    for place in range(4):
        image = operation(order[place], image, strength)
        image = tf.clip_by_value(image, 0.0, 1.0)
    return image


def operation(index, image, strength):
    low, high = max(0.0, 1.0 - 0.8 * strength), 1.0 + 0.8 * strength
    return tf.switch_case(
        index,
        [
            lambda: image * tf.random.uniform([], low, high),
            lambda: tf.image.random_contrast(image, low, high),
            lambda: tf.image.random_saturation(image, low, high),
            lambda: tf.image.random_hue(image, 0.2 * strength),
        ],
    )


@tf.function
def blur_views(pair):
    """Blurs half of the images of each view of (batch, size, size, 6)."""
    return [random_blur(view) for view in tf.split(pair, 2, axis=-1)]


def random_blur(images):
    """One width for the batch, half of the images chosen."""
    sigma = tf.random.uniform([], 0.1, 2.0)
    radius = images.shape[1] // 10 // 2
    places = tf.range(-radius, radius + 1, dtype=tf.float32)
    kernel = tf.exp(-(places**2) / (2.0 * sigma**2))
    kernel = tf.reshape(kernel / tf.reduce_sum(kernel), [1, -1, 1, 1])
    kernel = tf.tile(kernel, [1, 1, 3, 1])
    ones = [1, 1, 1, 1]
    blurred = tf.nn.depthwise_conv2d(images, kernel, ones, "SAME")
    kernel = tf.transpose(kernel, [1, 0, 2, 3])
    blurred = tf.nn.depthwise_conv2d(blurred, kernel, ones, "SAME")
    chosen = tf.random.uniform([tf.shape(images)[0], 1, 1, 1]) < 0.5
    return tf.clip_by_value(tf.where(chosen, blurred, images), 0.0, 1.0)
