"""How long an image takes where a job goes through images once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class ImagePass(NamedTuple):
    """Seconds of an image that is decoded, and seen by a network.

    Attributes:
      image: To decode it on all cores, 0 where it is there as pixels.
      forward: {stage: seconds in its network}.
    """

    image: float = 0.0
    forward: Mapping[str, float] = {}

    def of(self, stage: str) -> float:
        """Seconds of an image that the network of a stage sees."""
        return self.image + self.forward.get(stage, 0.0)


NO_TIME = ImagePass()
