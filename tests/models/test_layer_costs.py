"""Counts made on paper against networks that were built."""

import pytest

from simclrv2_tf.models import layer_costs
from simclrv2_tf.models.network import Network
from simclrv2_tf.models.network import count_parameters
from simclrv2_tf.models.normalization import BatchNorm

WITH_BOTH = {
    "depth": 50,
    "image_size": 64,
    "sk_ratio": 0.0625,
    "se_ratio": 0.25,
}
KINDS = [
    {"depth": 18, "image_size": 32},
    {**WITH_BOTH, "width_multiplier": 0.25},
    pytest.param(WITH_BOTH, marks=pytest.mark.slow),
    {"depth": 50, "image_size": 224, "width_multiplier": 0.5},
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_parameters_and_channels_are_those_of_the_network(kind, layers):
    head = {"num_layers": layers, "out_dim": 64}
    parts = layer_costs.count(head=head, **kind)
    options = {**kind, "resnet_depth": kind["depth"]}
    del options["depth"]
    network = Network(
        **options, num_classes=0, num_proj_layers=layers, proj_out_dim=64
    )
    whole = sum(parts.values(), layer_costs.LayerCosts())
    assert whole.parameters == count_parameters(network)
    norms = [
        leaf.gamma.shape[0]
        for part in (network.backbone, network.projection_head)
        for leaf in part.leaves()
        if isinstance(leaf, BatchNorm)
    ]
    assert sorted(whole.norms) == sorted(norms)


def test_multiplications_of_resnet_50():
    """He et al. give 3.8 billion; stride on the 3x3 makes them 4.1."""
    parts = layer_costs.count(depth=50)
    whole = sum(parts.values(), layer_costs.LayerCosts())
    assert whole.multiplications == pytest.approx(4.1e9, rel=0.01)


def test_outputs_are_those_of_the_endpoints():
    parts = layer_costs.count(depth=50)
    assert [part.outputs for part in parts.values()] == [
        56 * 56 * 64,
        56 * 56 * 256,
        28 * 28 * 512,
        14 * 14 * 1024,
        7 * 7 * 2048,
        128,
    ]


def test_what_is_kept_of_a_small_stem():
    """Image, convolution, ReLU; no padded copy and no pooling."""
    stem = layer_costs.count(depth=18, image_size=32)["stem"]
    assert stem.kept == 32 * 32 * (3 + 64 + 64)
