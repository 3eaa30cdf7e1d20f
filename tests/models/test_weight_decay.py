"""Who decays which variable, and what LARS leaves alone."""

import pytest

from simclrv2_tf import optimizers
from simclrv2_tf.models import weight_decay
from simclrv2_tf.models.network import Network


@pytest.fixture(scope="module")
def network():
    return Network(
        resnet_depth=18,
        width_multiplier=0.0625,
        image_size=8,
        num_proj_layers=2,
        proj_out_dim=8,
        num_classes=3,
    )


@pytest.mark.parametrize("name", ["lars", "momentum"])
def test_who_decays_what(network, name):
    inside = optimizers.decays_inside(name)
    decayed = {id(v) for v in weight_decay.decayed_by_loss(network, inside)}
    names = {
        n for n, v in network.named_variables().items() if id(v) in decayed
    }
    if name == "lars":
        assert names == {"head_supervised/linear_layer/dense/kernel"}
    else:
        kinds = {n.rsplit("/", 1)[1] for n in names}
        assert kinds == {"kernel", "bias"}
        assert not any("batch_normalization" in n for n in names)


def test_lars_leaves_all_but_inner_kernels_alone(network):
    plain = {id(v) for v in weight_decay.plain_variables(network)}
    for name, variable in network.named_variables().items():
        inner = name.endswith("kernel") and not name.startswith("head_superv")
        if "moving" not in name:
            assert (id(variable) in plain) != inner, name
