"""Packages that only some users have."""

import json

import pytest

from simclrv2_tf.machine.extras import check_extra
from simclrv2_tf.machine.extras import load_extra


def test_what_is_there():
    assert load_extra("json", "hf", "Reading") is json


def test_what_is_missing_is_one_line(tmp_path, monkeypatch):
    """A folder of that name, which trackers leave, is no package."""
    (tmp_path / "a_tracker").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("a_tracker", "not_there_at_all"):
        words = rf"Reading needs {name}: pip install 'simclrv2_tf\[hf\]'"
        with pytest.raises(ValueError, match=words):
            check_extra(name, "hf", "Reading")
