"""Layers are built for a policy, and the former one comes back."""

import keras
import pytest

from simclrv2_tf.models.dtype_policy import dtype_policy

BFLOAT16 = "mixed_bfloat16"


@pytest.mark.parametrize(
    "policy", [BFLOAT16, keras.dtype_policies.DTypePolicy(BFLOAT16)]
)
def test_layers_have_it_inside_alone(policy):
    with dtype_policy(policy):
        assert keras.layers.Dense(1).compute_dtype == "bfloat16"
        with dtype_policy("float32"):
            assert keras.layers.Dense(1).compute_dtype == "float32"
        assert keras.layers.Dense(1).compute_dtype == "bfloat16"
    assert keras.layers.Dense(1).compute_dtype == "float32"


def test_the_former_comes_back_after_an_error():
    with pytest.raises(KeyError), dtype_policy(BFLOAT16):
        raise KeyError
    assert keras.config.dtype_policy().name == "float32"
