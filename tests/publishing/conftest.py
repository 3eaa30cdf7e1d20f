"""A run that was published to a directory, once for all tests here."""

import published_run
import pytest

import simclrv2_tf


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    return published_run.write_run(tmp_path_factory.mktemp("published") / "run")


@pytest.fixture(scope="session")
def published(run):
    """A directory that `publish` wrote."""
    path = run.parent / "mine"
    simclrv2_tf.publish(
        run,
        path,
        license="CC-BY-4.0",
        intended_use="Telling <script> apart\n# no heading",
    )
    return path
