"""A whole `.keras` archive whose config.json is broken, in a sentence."""

import zipfile

import pytest

from simclrv2_tf.hub import keras_archive
from simclrv2_tf.hub import load


@pytest.mark.parametrize("text", ["{", "[1, 2]", "null", None])
def test_a_broken_description_is_damage(text, tmp_path):
    path = tmp_path / "x.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", "{}")
        if text is not None:
            archive.writestr("config.json", text)
    with pytest.raises(ValueError, match=r"x\.keras.*its config\.json"):
        keras_archive.holds_network(path)


@pytest.mark.parametrize("text", ['{"class_name": "Network"}'])
def test_a_network_without_arguments_is_damage(text, tmp_path):
    path = tmp_path / "x.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", text)
    with pytest.raises(ValueError, match=r"x\.keras.*its config\.json"):
        load.load_network(path)
