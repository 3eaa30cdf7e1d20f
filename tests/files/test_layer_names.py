"""Two models that differ in counts alone have one description."""

from simclrv2_tf.files.layer_names import model_name
from simclrv2_tf.files.layer_names import uncounted


def test_counts_of_layers_are_left_out():
    one = '{"name": "conv2d_12", "inbound": [["input_layer_3", 0]], "n": 12}'
    other = '{"name": "conv2d", "inbound": [["input_layer", 0]], "n": 12}'
    assert uncounted(one) == uncounted(other) == other


def test_what_is_no_json_stays():
    for text in (None, "", "keras:ResNet50(name='a_1')", "runs/a_1"):
        assert uncounted(text) == text


def test_a_model_is_called_by_its_name():
    text = '{"class_name": "Functional", "config": {"name": "mine"}}'
    assert model_name(text) == "keras.Model 'mine'"
    assert model_name("keras:ResNet50") == "keras:ResNet50"
