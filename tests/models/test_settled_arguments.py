"""Arguments that a `keras:` network may not have say where they come from."""

import pytest

from simclrv2_tf.models.keras_models import keras_spec


@pytest.mark.parametrize("name", ["include_top", "pooling", "weights"])
def test_a_settled_argument_is_refused(name):
    text = f"keras:MobileNetV3Small({name}=True)"
    words = f"`{name}` of MobileNetV3Small .*: leave it out. Received: "
    with pytest.raises(ValueError, match=words):
        keras_spec.constructor(keras_spec.parse(text))
