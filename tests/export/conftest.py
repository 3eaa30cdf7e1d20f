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
def exported(network, tmp_path_factory):
    """The path of a version, 3, with its formats."""
    directory = tmp_path_factory.mktemp("export") / "saved_model"
    return export.export_network(
        network, str(directory), 3, prepare, NAMES, formats=("onnx", "litert")
    )


@pytest.fixture(scope="session")
def loaded(exported):
    return tf.saved_model.load(exported)
