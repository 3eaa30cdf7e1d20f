"""How many images the cheap classifiers of a job's table look at."""

from __future__ import annotations

# Images that are learnt from, and that are asked for, at most: of a million
# the pixels alone would take 12 GB. Accuracy on 10,000 is known to a point.
MOST_KNOWN, MOST_ASKED = 20_000, 10_000
