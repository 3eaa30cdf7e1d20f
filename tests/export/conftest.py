"""One small network, exported once with all formats."""

import pytest
import tensorflow as tf
from export_cases import NAMES
from export_cases import make_network
from export_cases import prepare

from simclrv2_tf import export


@pytest.fixture(scope="session")
def network():
    return make_network()


@pytest.fixture(scope="session")
def exported(network, once):
    """The path of a version, 3, with its formats."""

    def fill(folder):
        formats = ("onnx", "litert")
        export.export_network(
            network, str(folder), 3, prepare, NAMES, formats=formats
        )

    return str(once("exported", fill) / "3")


@pytest.fixture(scope="session")
def loaded(exported):
    return tf.saved_model.load(exported)
