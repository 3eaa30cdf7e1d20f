"""A run on a bucket is refused before anything is computed."""

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.publishing import publish


def test_a_run_is_published_from_this_machine(tmp_path):
    config = Config(
        mode="publish",
        model_dir="gs://bucket/run",
        target=str(tmp_path / "published"),
    )
    words = "from a local directory. Received: model_dir='gs://bucket/run'"
    with pytest.raises(ValueError, match=words):
        publish.check(config)
    assert not (tmp_path / "published").exists()
