"""The SavedModel through TensorFlow's C API, without its Python."""

import importlib.util
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from export_cases import encode

SCRIPT = pathlib.Path(__file__).parent / "consumers" / "c_api.py"


def libraries():
    """The folder of the wheel's libraries."""
    found = importlib.util.find_spec("tensorflow").submodule_search_locations
    folder = pathlib.Path(found[0])
    if not (folder / "libtensorflow_cc.so.2").exists():
        pytest.skip("this TensorFlow comes without libtensorflow_cc.so.2")
    return folder


@pytest.mark.slow
def test_same_answers_through_the_c_api(exported, loaded, tmp_path):
    data = [encode("JPEG", seed=s, size=(60 + s, 50)) for s in range(2)]
    paths = [tmp_path / f"{i}.jpg" for i in range(len(data))]
    for path, one in zip(paths, data, strict=True):
        path.write_bytes(one)
    command = [sys.executable, SCRIPT, libraries(), exported, *paths]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["loaded"] == []
    assert "Expected an image" in answer["refused"]
    expected = loaded.signatures["serving_default"](encoded=tf.constant(data))
    for name in ("probabilities", "scores"):
        np.testing.assert_allclose(answer[name], expected[name], atol=1e-6)
    names = [[n.decode() for n in row] for row in expected["classes"].numpy()]
    assert answer["classes"] == names
