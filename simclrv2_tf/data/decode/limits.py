"""What is refused before it is decoded."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Limits:
    """What an image may measure; anything above is refused undecoded.

    Attributes:
      max_pixels: Height times width.
      max_bytes: Of the encoded image.
    """

    max_pixels: int = 100_000_000
    max_bytes: int = 2**27


LIMITS = Limits()
