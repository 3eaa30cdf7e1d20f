"""SimCLR's augmentation policy: what happens to a view, number by number.

Chen et al. 2020, appendix A, with the numbers of the original release
(`data_util.py`). A view is, in this order,

1. a crop of random area and aspect, resized to the view's size (`boxes`,
   `crops`), and mirrored left to right half of the time;
2. for four images in five: brightness, contrast, saturation and hue, each
   image in an order of its own (`params`, `distortion`);
3. for one in five: grey;
4. for one in two, in pretraining: a Gaussian blur (`gaussian_blur`).

Fine-tuning and distillation stop after the first. `policy.augment_views` does
2 to 4 on the device that trains.
"""

from typing import NamedTuple

AREA = (0.08, 1.0)  # of a crop, share of the image; Szegedy et al. 2015
ASPECT = (3.0 / 4.0, 4.0 / 3.0)  # of a crop, width over height
MIN_COVERED = 0.1  # share of the image, below which no crop goes
ATTEMPTS = 100  # at a crop that fits, before the whole image is taken
MIRRORED_SHARE = 0.5

JITTER_SHARE = 0.8  # of images whose colours are jittered
# Times `color_jitter_strength`: the widest change of a factor, and of the hue
# in turns.
BRIGHTNESS = CONTRAST = SATURATION = 0.8
HUE = 0.2
GRAY_SHARE = 0.2

BLUR_SHARE = 0.5
BLUR_SIGMA = (0.1, 2.0)  # pixels
BLUR_KERNEL = 10  # the height of an image over that of the kernel


class Crops(NamedTuple):
    """What may be chosen of crops and flips.

    Attributes:
      least_area: Of a crop, share of the image in (0, 1].
      flip: Whether half of the views are mirrored, or none.
    """

    least_area: float = AREA[0]
    flip: bool = True
