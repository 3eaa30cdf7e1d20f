"""What an exported version notes beside its SavedModel."""

import os

import pytest

from simclrv2_tf.export import version_notes


def test_the_usual_is_not_noted(tmp_path):
    usual = version_notes.Decoding()
    version_notes.write_decoding(str(tmp_path), usual)
    version_notes.write_temperature(str(tmp_path), 1.0)
    assert os.listdir(tmp_path) == []
    assert version_notes.read_decoding(str(tmp_path)) == usual
    assert version_notes.read_temperature(str(tmp_path)) == 1.0


@pytest.mark.parametrize(
    ("decoding", "text"),
    [
        ((True, None), '{"apply_orientation": true}'),  # as earlier versions
        ((False, 96), '{"resize_shorter_side": 96}'),
        ((True, 96), '{"apply_orientation": true, "resize_shorter_side": 96}'),
    ],
)
def test_what_is_noted_is_read(tmp_path, decoding, text):
    decoding = version_notes.Decoding(*decoding)
    version_notes.write_decoding(str(tmp_path), decoding)
    version_notes.write_temperature(str(tmp_path), 1.5)
    assert version_notes.read_decoding(str(tmp_path)) == decoding
    assert version_notes.read_temperature(str(tmp_path)) == 1.5
    texts = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert texts == {
        "decoding.json": text,
        "calibration.json": '{"temperature": 1.5}',
    }


@pytest.mark.parametrize("side", ['"96"', "-1", "0", "9.5", "true"])
def test_a_side_that_is_none_is_refused(tmp_path, side):
    text = f'{{"resize_shorter_side": {side}}}'
    (tmp_path / "decoding.json").write_text(text)
    with pytest.raises(ValueError, match="decoding.json' must hold as resize_"):
        version_notes.read_decoding(str(tmp_path))


def test_damaged_notes_are_named(tmp_path):
    for name in ("decoding.json", "calibration.json"):
        (tmp_path / name).write_text("{")
    with pytest.raises(ValueError, match="decoding.json' must hold how images"):
        version_notes.read_decoding(str(tmp_path))
    with pytest.raises(ValueError, match="calibration.json' must hold a temp"):
        version_notes.read_temperature(str(tmp_path))
