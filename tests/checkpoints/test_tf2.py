"""Objects of the original tf2 code, found by path in checkpoints and models."""

import numpy as np
import pytest
import tensorflow as tf
from stand_ins import assert_same
from stand_ins import weights

from simclrv2_tf.checkpoints import any_format
from simclrv2_tf.checkpoints import layout
from simclrv2_tf.checkpoints import naming
from simclrv2_tf.checkpoints import tf2

TINY = {"width_multiplier": 1 / 32, "num_classes": 3, "proj_out_dim": 4}
STRUCTURES = [
    {"resnet_depth": 18, "image_size": 32, "se_ratio": 0.25},
    {"resnet_depth": 34, "image_size": 32, "sk_ratio": 0.0625},
    {"resnet_depth": 50},
    {"resnet_depth": 50, "sk_ratio": 0.0625, "se_ratio": 0.25},
    {"resnet_depth": 50, "proj_head_mode": "none", "num_classes": 0},
]


def planted(arrays, arguments):
    """Nested dictionaries of variables, as the original nests its objects."""
    tree = {}
    for name, path in naming.names(tf2.scheme, arguments).items():
        tf2._plant(tree, path.split("/"), tf.Variable(arrays[name]))
    return tree


@pytest.mark.parametrize("structure", STRUCTURES)
def test_round_trip(structure, tmp_path):
    arguments = {**TINY, **structure}
    tf2.write(str(tmp_path / "ckpt-3"), weights(arguments), arguments, 3)
    found = any_format.open_source(str(tmp_path))
    assert found.kind == "tf2 objects"
    assert_same(found.arrays, arguments)
    for name, value in structure.items():
        if name != "se_ratio":  # tiny networks round several to one shape
            assert found.arguments[name] == value


def test_names_that_the_original_gives():
    arguments = {"resnet_depth": 50, "sk_ratio": 0.0625, "se_ratio": 0.25}
    named = {
        f"{layer.place}.{layer.kind}": tf2.scheme(layer, arguments)
        for layer in layout.layers(arguments)
    }
    block = "resnet_model/block_groups/1/layers/0"
    inside = f"{block}/conv_relu_dropblock_layers"
    assert named["groups.1.0.mix.conv"] == {
        "kernel": f"{inside}/3/conv2d_1/kernel"
    }
    assert named["groups.1.0.expand.conv"] == {
        "kernel": f"{inside}/8/se_expand/kernel",
        "bias": f"{inside}/8/se_expand/bias",
    }
    assert (
        named["groups.1.0.shortcut.norm"]["gamma"]
        == f"{block}/projection_layers/3/bn/gamma"
    )


@pytest.mark.slow
def test_saved_model_whose_variables_hang_elsewhere_too(tmp_path):
    """The shortest path names a variable: the list, not the model."""
    arguments = {**TINY, "resnet_depth": 18, "image_size": 32}
    tree = planted(weights(arguments), arguments)
    module = tf.Module()
    module.model = tf2._grown(tree)
    flat = tf.nest.flatten(tree)
    module.trainable_variables_list = flat[::-1]
    tf.saved_model.save(module, str(tmp_path / "saved"))
    variables = str(tmp_path / "saved/variables/variables")
    keys = [name for name, _ in tf.train.list_variables(variables)]
    assert any(key.startswith("trainable_variables_list/") for key in keys)
    found = any_format.open_source(str(tmp_path / "saved"))
    assert found.kind == "tf2 SavedModel"
    assert_same(found.arrays, arguments)


def test_slots_and_step_are_passed_over(tmp_path):
    arguments = {**TINY, "resnet_depth": 18, "image_size": 32}
    tree = planted(weights(arguments), arguments)
    checkpoint = tf.train.Checkpoint(
        model=tf2._grown(tree),
        global_step=tf.Variable(5, dtype=tf.int64),
        optimizer=tf.train.Checkpoint(momentum=tf.Variable([1.0])),
    )
    checkpoint.save(str(tmp_path / "b/ckpt"))
    assert_same(any_format.open_source(str(tmp_path / "b")).arrays, arguments)


def test_restored_by_an_object_tree_of_the_same_shape(tmp_path):
    """What the original does: build the objects, then restore by path."""
    arguments = {**TINY, "resnet_depth": 18, "image_size": 32}
    tf2.write(str(tmp_path / "ckpt-0"), weights(arguments), arguments, 11)
    zeros = {n: np.zeros_like(a) for n, a in weights(arguments).items()}
    tree = planted(zeros, arguments)
    step = tf.Variable(0, dtype=tf.int64)
    checkpoint = tf.train.Checkpoint(model=tf2._grown(tree), global_step=step)
    status = checkpoint.restore(str(tmp_path / "ckpt-0"))
    status.assert_existing_objects_matched().assert_consumed()
    assert step.numpy() == 11
    kernel = tree["supervised_head"]["linear_layer"]["dense"]["kernel"]
    np.testing.assert_array_equal(
        kernel, weights(arguments)["head_supervised/linear_layer/dense/kernel"]
    )


SMALLEST = {**TINY, "resnet_depth": 18, "image_size": 32}


def test_all_that_the_original_keeps_beside_the_model(tmp_path):
    """Its step is the optimizer's, and each weight has a slot."""
    tree = planted(weights(SMALLEST), SMALLEST)
    model = tf2._grown(tree)
    optimizer = tf.keras.optimizers.SGD(0.1, momentum=0.9)
    variables = tf.nest.flatten(tree)
    optimizer.build(variables)
    root = tf.train.Checkpoint(
        model=model, global_step=optimizer.iterations, optimizer=optimizer
    )
    manager = tf.train.CheckpointManager(root, str(tmp_path), 5)
    manager.save(7)
    names = [n for n, _ in tf.train.list_variables(str(tmp_path / "ckpt-7"))]
    assert "save_counter/.ATTRIBUTES/VARIABLE_VALUE" in names
    assert len(names) > 2 * len(variables)
    for place in (tmp_path, tmp_path / "ckpt-7"):
        assert_same(any_format.open_source(str(place)).arrays, SMALLEST)


def test_a_lost_variable_is_no_smaller_head(tmp_path):
    """Half a projection head is an error, not a head of fewer layers."""
    tree = planted(weights(SMALLEST), SMALLEST)
    layer = tree["_projection_head"]["linear_layers"]["1"]
    del layer["bn_relu"]["bn"]["beta"]
    checkpoint = tf.train.Checkpoint(model=tf2._grown(tree))
    checkpoint.save(str(tmp_path / "ckpt"))
    with pytest.raises(ValueError, match="variables that are no part of a"):
        any_format.open_source(str(tmp_path))


def test_objects_of_another_network_are_refused(tmp_path):
    model = tf.train.Checkpoint(
        resnet_model=tf.train.Checkpoint(x=tf.Variable([1.0]))
    )
    tf.train.Checkpoint(model=model).save(str(tmp_path / "ckpt"))
    with pytest.raises(ValueError, match="those of no SimCLRv2 network"):
        any_format.open_source(str(tmp_path))
