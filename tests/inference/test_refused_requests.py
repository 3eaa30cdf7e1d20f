"""Requests that cannot be met are refused before anything is computed."""

import types

import numpy as np
import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.inference import embed
from simclrv2_tf.inference import given_images
from simclrv2_tf.inference.embedding_files import read_embeddings
from simclrv2_tf.inference.evaluation import validation


@pytest.mark.parametrize("output", [None, ""])
def test_embeddings_go_somewhere(output):
    config = Config(mode="embed", embed_output=output)
    with pytest.raises(ValueError, match="`embed_output` must say where the "):
        embed._output(config, None)


def test_a_directory_that_holds_no_embeddings_is_named(tmp_path):
    (tmp_path / "other.txt").write_text("")
    words = f"Received: '{tmp_path}', which has no "
    with pytest.raises(ValueError, match=words):
        read_embeddings(str(tmp_path))


def test_labels_are_of_the_classes_of_the_network():
    network = types.SimpleNamespace(get_config=lambda: {"num_classes": 3})
    labels = np.array([0, 2])
    source = types.SimpleNamespace(name="digits", num_classes=4, labels=labels)
    validation._check_classes(network, source)
    labels[0] = 3
    words = "the 3 classes of the network. Received: digits of 4"
    with pytest.raises(ValueError, match=words):
        validation._check_classes(network, source)


class Tensor:
    """As one of PyTorch on a GPU, which numpy cannot read."""

    shape = (4, 4, 3)

    def __array__(self, *_, **__):
        raise TypeError("can't convert cuda:0 to numpy\nUse Tensor.cpu()")


def test_a_tensor_that_numpy_cannot_read_is_refused_in_a_sentence():
    words = "numpy must be able to read .*Received: Tensor, can't convert cuda"
    with pytest.raises(ValueError, match=words):
        given_images._array(Tensor())
