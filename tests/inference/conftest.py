"""The small classifier and its photographs, for tests that have no others."""

import pytest
import small_classifier


@pytest.fixture(scope="module")
def network():
    return small_classifier.classifier()


@pytest.fixture
def run(network, tmp_path):
    return small_classifier.save_run(network, tmp_path / "run")


@pytest.fixture
def resnet_run(tmp_path):
    return small_classifier.resnet_run(tmp_path)


@pytest.fixture
def folder(tmp_path):
    return small_classifier.photographs(tmp_path / "photos")
