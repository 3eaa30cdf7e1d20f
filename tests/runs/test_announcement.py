"""What a run says before it trains."""

import types

import pytest

from simclrv2_tf.runs import announcement
from tests.data.test_sixteen_bits import files
from tests.data.test_sixteen_bits import png


@pytest.mark.parametrize(("most", "warnings"), [(4095, 1), (65535, 0)])
def test_12_bits_in_files_of_16_are_a_warning(
    most, warnings, monkeypatch, caplog
):
    monkeypatch.setattr(announcement, "_lines", lambda run, notes: [])
    monkeypatch.setattr(announcement.changed_flags, "warn", lambda run: None)
    monkeypatch.setattr(announcement, "_record_environment", lambda *_: None)
    run = types.SimpleNamespace(
        config=types.SimpleNamespace(profile_steps=None),
        data=types.SimpleNamespace(source=files(png, most)),
        trains=False,
        cut_from=0,
    )
    announcement.announce(run)
    assert caplog.text.count("must have 65,535 for white") == warnings
