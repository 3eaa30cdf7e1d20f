"""Which of TensorFlow's messages are told at which level."""

import subprocess
import sys

import pytest

from simclrv2_tf.console import notices

STAMP = "0000 00:00:1795687668.015240    9971"
NOTICES = {
    "banner": "WARNING: All log messages before absl::InitializeLog() is "
    "called are written to STDERR",
    "info": f"I{STAMP} port.cc:153] oneDNN custom operations are on.",
    "warning": f"W{STAMP} gpu_device.cc:2342] Cannot dlopen some libraries.",
    "no_gpu": f"E{STAMP} cuda_platform.cc:52] failed call to cuInit: INTERNAL: "
    "CUDA error: Failed call to cuInit: UNKNOWN ERROR (303)",
    "twice": f"E{STAMP} computation_placer.cc:177] computation placer already "
    "registered. Please check linkage.",
    "bad_gpu": f"E{STAMP} cuda_platform.cc:52] failed call to cuInit: "
    "INTERNAL: CUDA error: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
    "error": f"E{STAMP} tpu_client.cc:10] no chip answers",
    "fatal": f"F{STAMP} cpu_feature_guard.cc:36] AVX is not available",
    "other": "Traceback (most recent call last):",
}
SERIOUS = {"bad_gpu", "error", "fatal", "other"}


@pytest.mark.parametrize(
    "level, told",
    [
        (0, set(NOTICES)),
        (1, {"warning", "no_gpu", "twice", *SERIOUS}),
        (2, SERIOUS),
        (3, {"fatal", "other"}),
    ],
)
def test_what_is_told(level, told):
    assert told == {
        name for name, line in NOTICES.items() if notices.is_wanted(line, level)
    }


def test_as_a_program_it_copies_the_rest_as_it_is():
    lines = f"{NOTICES['info']}\nNo such file: ".encode() + b"\xff"
    done = subprocess.run(
        [sys.executable, "-I", "-S", notices.__file__, "2"],
        input=lines,
        capture_output=True,
        check=True,
    )
    assert done.stderr == b"No such file: \xff" and not done.stdout
