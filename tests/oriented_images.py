"""One scene as cameras of every posture store it, in every format."""

import io

import numpy as np
from PIL import Image
from PIL import ImageOps

# Files of each are the same pixels with and without a tag.
WRITERS = {
    "JPEG": {"quality": 95},
    "PNG": {},
    "WEBP": {"lossless": True},
    "TIFF": {},
    "TIFF, compressed": {"compression": "tiff_lzw"},
}
TAGS = range(1, 9)
# What a camera that writes a tag has done to the scene.
_STORED = {tag: {6: 8, 8: 6}.get(tag, tag) for tag in TAGS}


def encoded(pixels, kind, tag=None, order="<"):
    """Pixels in a file whose tag is this; None for none."""
    file, exif = io.BytesIO(), Image.Exif()
    exif.endian = order
    exif[0x10F] = "a camera's name"
    if tag is not None:
        exif[0x112] = tag
    name = kind.partition(",")[0]
    Image.fromarray(pixels).save(file, name, exif=exif, **WRITERS[kind])
    return file.getvalue()


def turned(pixels, tag):
    """As Pillow turns an image of this tag."""
    image = Image.fromarray(pixels)
    image.getexif()[0x112] = tag
    return np.asarray(ImageOps.exif_transpose(image))


def stored(scene, tag):
    """What an upright scene is stored as, for a tag to turn it back."""
    return turned(scene, _STORED[tag])


def write_folders(root, kind="PNG", per_class=16, size=(12, 20)):
    """Folders `tagged` and `upright` of the same scenes of two classes."""
    rng = np.random.default_rng(0)
    for number in range(2 * per_class):
        name = ("day", "night")[number % 2]
        scene = rng.integers(0, 120, (*size, 3), np.uint8)
        scene[: size[0] // 2] += np.uint8(120 * (number % 2))  # the sky
        tag = TAGS[number % 8]
        for folder, pixels, own in (
            ("tagged", stored(scene, tag), tag),
            ("upright", scene, None),
        ):
            path = root / folder / name / f"{number:03d}.{kind.lower()}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encoded(pixels, kind, own))
    return root / "tagged", root / "upright"
