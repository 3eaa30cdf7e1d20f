"""oneDNN's convolutions, on processors where TensorFlow leaves them out."""

from __future__ import annotations

import os
import platform
import sys

SETTING = "TF_ENABLE_ONEDNN_OPTS"
_X86 = ("x86_64", "AMD64")


def use() -> None:
    """Asks for it before TensorFlow is loaded; it does nothing afterwards.

    TensorFlow has oneDNN on by itself from AVX-512 VNNI on. With AVX2 alone a
    step takes 1.3 (ResNet-50) to 2.7 times as long without it (a ResNet-18 of
    an eighth of the width; benchmarks/onednn.json). A setting of the user's
    stays. Processors other than x86 stay as they are: oneDNN has other kernels
    there.
    """
    if "tensorflow" not in sys.modules and platform.machine() in _X86:
        os.environ.setdefault(SETTING, "1")
