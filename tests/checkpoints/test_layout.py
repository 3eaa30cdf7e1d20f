"""One walk through the architecture, against networks and parity names."""

import json

import pytest

from simclrv2_tf.checkpoints import architecture
from simclrv2_tf.checkpoints import layout
from simclrv2_tf.models.network import Network

NETWORKS = [
    {"resnet_depth": 18, "image_size": 32, "se_ratio": 0.5},
    {"resnet_depth": 34, "sk_ratio": 0.0625, "proj_head_mode": "none"},
    {
        "resnet_depth": 50,
        "image_size": 32,
        "sk_ratio": 0.0625,
        "se_ratio": 0.25,
        "proj_head_mode": "linear",
        "num_classes": 0,
        "channels": 1,
    },
]


@pytest.mark.parametrize("arguments", NETWORKS)
def test_same_variables_in_the_same_order_as_the_network(arguments):
    arguments = {**arguments, "width_multiplier": 1 / 8, "proj_out_dim": 16}
    variables = Network(**arguments).named_variables()
    ours = layout.shapes(arguments)
    assert list(ours) == list(variables)
    assert ours == {n: tuple(v.shape) for n, v in variables.items()}


@pytest.fixture(scope="module", autouse=True)
def walked_once():
    """Each architecture is walked through once, however often it is asked."""
    walk = layout.backbone
    walks = {}

    def backbone(arguments):
        key = tuple(sorted(arguments.items()))
        if key not in walks:
            walks[key] = walk(arguments)
        return walks[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "backbone", backbone)
        yield


def parity_files(parity_dir):
    files = sorted((parity_dir / "models").glob("*px.json"))
    assert files
    return files


def test_names_and_shapes_of_every_parity_network(parity_dir):
    for path in parity_files(parity_dir):
        shapes = {n: tuple(s) for n, s in json.loads(path.read_text()).items()}
        told = architecture.infer(shapes)
        assert layout.shapes(told) == shapes
        assert path.stem.startswith(architecture.describe(told))
        assert told["image_size"] == (32 if "_32px" in path.stem else 224)


@pytest.mark.parametrize("depth", layout.DEPTHS)
@pytest.mark.parametrize("width", [1 / 32, 0.25, 1.5, 3])
def test_structure_is_told_by_shapes(depth, width):
    for sk_ratio in (0.0, 0.0625):
        for se_ratio in (0.0, 0.25, 0.0625):
            for image_size in (32, 224):
                arguments = {
                    "resnet_depth": depth,
                    "width_multiplier": width,
                    "sk_ratio": sk_ratio,
                    "se_ratio": se_ratio,
                    "image_size": image_size,
                    "num_proj_layers": 2,
                    "proj_out_dim": 9,
                    "num_classes": 5,
                }
                told = architecture.infer(layout.shapes(arguments))
                shapes = layout.shapes(told)
                assert shapes == layout.shapes(arguments)
                hidden = depth < 50 and image_size == 32  # no shape shows it
                for name, value in arguments.items():
                    if name == "sk_ratio" and hidden:
                        continue
                    if name == "se_ratio" and width < 1:
                        continue  # small networks round several to one shape
                    assert told[name] == value, name


def test_ratios_that_no_release_has():
    arguments = {"resnet_depth": 50, "sk_ratio": 0.5, "se_ratio": 0.125}
    told = architecture.infer(layout.shapes(arguments))
    assert (told["sk_ratio"], told["se_ratio"]) == (0.5, 0.125)


@pytest.mark.parametrize(
    "ratios", [{"se_ratio": 8.2 / 392}, {"sk_ratio": 54.5 / 392}]
)
def test_ratios_of_odd_widths(ratios):
    """The quotient times the filters may be less than the whole number."""
    arguments = {"resnet_depth": 50, "width_multiplier": 49 / 64, **ratios}
    shapes = layout.shapes(arguments)
    assert layout.shapes(architecture.infer(shapes)) == shapes


def check(inferred, **wanted):
    architecture.check(architecture.infer(layout.shapes(inferred)), wanted)


def test_a_contradiction_names_both():
    held = {"resnet_depth": 152}
    with pytest.raises(
        ValueError,
        match=r"The checkpoint is r152_1x_sk0 \(depth 152\), the flags say "
        "depth 18:",
    ):
        check(held, resnet_depth=18)
    with pytest.raises(ValueError, match="flags say width 2, sk_ratio 0.0625"):
        check(held, resnet_depth=152, width_multiplier=2, sk_ratio=0.0625)
    with pytest.raises(ValueError, match="say num_proj_layers 2"):
        check(held, num_proj_layers=2)
    with pytest.raises(ValueError, match="image_size 224.*say image_size 32"):
        check(held, image_size=32)
    with pytest.raises(ValueError, match="say depth 42"):
        check(held, resnet_depth=42)


def test_what_shapes_do_not_tell_may_be_said():
    check({"resnet_depth": 50}, image_size=96, num_classes=3, global_bn=False)
    check({"resnet_depth": 18, "image_size": 32}, sk_ratio=0.0625)
    small = {"resnet_depth": 50, "sk_ratio": 0.0625, "width_multiplier": 1 / 8}
    check(small, sk_ratio=0.25)  # both round to the least number of channels
    check({"resnet_depth": 50, "proj_head_mode": "none"}, num_proj_layers=2)


def test_no_resnet_is_refused_with_the_nearest():
    shapes = layout.shapes({"resnet_depth": 50})
    del shapes["base_model/conv2d_7/kernel"]
    with pytest.raises(
        ValueError, match=r"Nearest is r50_1x_sk0, .* 1 missing \(base_model/c"
    ):
        architecture.infer(shapes)
    shapes = layout.shapes({"resnet_depth": 50})
    shapes["base_model/conv2d_7/kernel"] = (1, 1, 256, 65)
    with pytest.raises(ValueError, match="1 of another shape .*65.* for .*64"):
        architecture.infer(shapes)
    with pytest.raises(ValueError, match="holds no backbone"):
        architecture.infer({"x": (1,)})
