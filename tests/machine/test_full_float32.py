"""float32 with all its digits, where answers are compared."""

import numpy as np
import pytest
import tensorflow as tf
from small_classifier import SMALL

from simclrv2_tf.export import extra_formats
from simclrv2_tf.export import runtimes
from simclrv2_tf.hub import comparison
from simclrv2_tf.machine.full_float32 import full_float32
from simclrv2_tf.models.network import Network
from simclrv2_tf.probing import softmax_regression

is_rounded = tf.config.experimental.tensor_float_32_execution_enabled


@pytest.fixture(autouse=True)
def rounded():
    """As TensorFlow begins, with TF32 for GPUs that have it."""
    before = is_rounded()
    tf.config.experimental.enable_tensor_float_32_execution(True)
    yield
    tf.config.experimental.enable_tensor_float_32_execution(before)


class Seen(Network):
    """A network that notes how it is computed."""

    def __call__(self, *args, **kwargs):
        self.seen = [*getattr(self, "seen", []), is_rounded()]
        return super().__call__(*args, **kwargs)


def test_it_ends_with_what_was_before():
    with full_float32():
        assert not is_rounded()
    assert is_rounded()
    with pytest.raises(KeyError), full_float32():
        raise KeyError
    assert is_rounded()


def test_what_exports_are_compared_with(monkeypatch, tmp_path):
    network = Seen(**SMALL)
    network.export = lambda *args, **kwargs: None
    monkeypatch.setattr(
        runtimes,
        "open_file",
        lambda path: (
            lambda images: {
                k: v.numpy() for k, v in network(images, training=False).items()
            }
        ),
    )
    network.seen = []
    extra_formats._export(network, str(tmp_path / "x.onnx"), "onnx")
    assert network.seen == [False, True]  # ours, then the runtime's


def test_weights_that_are_compared():
    network = Seen(**SMALL)
    network.seen = []
    comparison._answers(network, np.zeros((2, 8, 8, 3), np.float32))
    assert network.seen == [False]


def test_the_slope_of_a_probe(monkeypatch):
    seen, before = [], softmax_regression._of_block
    monkeypatch.setattr(
        softmax_regression,
        "_of_block",
        lambda *args: seen.append(is_rounded()) or before(*args),
    )
    rows = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    softmax_regression.fit(rows, np.arange(20) % 2, 2, 1.0)
    assert seen and not any(seen)
