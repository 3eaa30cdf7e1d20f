"""What all tests share: the reference figures and real data, where present."""

import pathlib

import pytest

SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared"


def _folder(name):
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"needs ../shared/{name}, which is not here")
    return folder


@pytest.fixture(scope="session")
def parity_dir():
    """Figures produced by the original release."""
    return _folder("parity")


@pytest.fixture(scope="session")
def data_dir():
    """CIFAR-10 as TFDS (tfds/) and photographs (photos/)."""
    return _folder("data")
