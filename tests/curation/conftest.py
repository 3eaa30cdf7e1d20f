"""The small classifier, as a run, and one whose network is a ResNet."""

import pytest
import small_classifier


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    network = small_classifier.classifier()
    folder = tmp_path_factory.mktemp("curation") / "run"
    return small_classifier.save_run(network, folder)


@pytest.fixture
def resnet_run(tmp_path):
    return small_classifier.resnet_run(tmp_path)
