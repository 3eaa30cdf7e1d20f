"""A keras.Model given as an option is kept as a file of the run."""

import keras
import pytest

from simclrv2_tf.files import keras_files


class Unsavable(keras.layers.Layer):
    """A layer whose configuration is not known."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, images):
        return self.function(images)


def test_a_model_that_cannot_be_saved_leaves_no_file(tmp_path):
    images = keras.Input((4, 4, 3))
    outputs = Unsavable(lambda x: x)(images)
    model = keras.Model(images, outputs, name="mine")
    words = "'mine' cannot be saved .*give its layers a `get_config`"
    with pytest.raises(ValueError, match=words):
        keras_files._text(model, "student", str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_model_needs_a_directory():
    images = keras.Input((4,))
    model = keras.Model(images, images)
    with pytest.raises(ValueError, match="`student` as a keras.Model is kept"):
        keras_files._text(model, "student", None)
