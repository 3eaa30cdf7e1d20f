"""One small network, exported once with all formats."""

import pathlib

import pytest
import tensorflow as tf
from export_cases import NAMES
from export_cases import make_network
from export_cases import prepare

from simclrv2_tf import export

EXPORTS = pathlib.Path(__file__).with_name("test_files.py")


def pytest_collection_modifyitems(items):
    """Has the first file of those that wait for `exported` come first of all.

    Side by side with another of them, one process would wait for the other.
    """
    items.sort(key=lambda item: item.path != EXPORTS)


@pytest.fixture(scope="session")
def network():
    return make_network()


@pytest.fixture(scope="session")
def exported(network, once):
    """The path of a version, 3, with its formats."""

    def fill(folder):
        formats = ("onnx", "litert")
        export.export_network(
            network, str(folder), 3, prepare, names=NAMES, formats=formats
        )

    return str(once("exported", fill) / "3")


@pytest.fixture(scope="session")
def loaded(exported):
    return tf.saved_model.load(exported)
