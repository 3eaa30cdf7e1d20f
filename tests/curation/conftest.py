"""The small classifier, as a run."""

import pytest
import small_classifier


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    network = small_classifier.classifier()
    folder = tmp_path_factory.mktemp("curation") / "run"
    return small_classifier.save_run(network, folder)
