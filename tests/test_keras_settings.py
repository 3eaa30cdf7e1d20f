"""Settings of Keras that would give wrong results, or words of others."""

import os
import subprocess
import sys

import keras
import pytest

from simclrv2_tf.models.network import Network

COMMAND = "from simclrv2_tf import run; run.main(['x', '--dataset=digits'])"


@pytest.mark.parametrize("code", [COMMAND, "import simclrv2_tf as s; s.hub"])
def test_another_backend_is_named(code):
    code = code.replace("s.hub", "s.load_network")
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": "jax"},
    )
    assert done.returncode
    assert "set KERAS_BACKEND=tensorflow" in done.stderr.splitlines()[-1]


def test_channels_first_are_refused():
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(ValueError, match="channels last: call .*_first'"):
            Network(resnet_depth=18, image_size=8)
    finally:
        keras.config.set_image_data_format("channels_last")
