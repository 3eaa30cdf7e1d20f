"""Keras opens our files after `import simclrv2_tf` alone."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import stand_ins

from simclrv2_tf import keras_objects
from simclrv2_tf.losses import NTXent
from simclrv2_tf.models.backbone import Backbone
from simclrv2_tf.models.network import Network
from simclrv2_tf.optimizers import LARS

# First ours, then Keras; then as if Keras had come first.
LOADED = """
import sys
*paths, bare = sys.argv[1:]

def check():
    ours = [m for m in sys.modules if m.startswith('simclrv2_tf.')]
    light = ('keras_objects', 'keras_settings', 'machine', 'machine.onednn')
    assert not set(ours) - {f'simclrv2_tf.{m}' for m in light}, ours
    for path in paths:
        model = keras.models.load_model(path)
        print(type(model).__module__, float(abs(model.get_weights()[0]).sum()))
    from simclrv2_tf import Backbone
    backbone = keras.models.load_model(bare)
    assert type(backbone) is Backbone
    print(backbone.output_shape)

import simclrv2_tf, keras
check()
for name in [m for m in sys.modules if m.split('.')[0] == 'simclrv2_tf']:
    del sys.modules[name]
keras.saving.get_custom_objects().clear()
del simclrv2_tf
import simclrv2_tf
check()
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Files of a network, a backbone in a model and a backbone; weights."""
    folder = tmp_path_factory.mktemp("saved")
    keras.utils.set_random_seed(0)
    network = Network(**stand_ins.SMALL)
    network.compile(LARS(0.1), NTXent(0.5))
    model = keras.Sequential([Backbone(**stand_ins.SMALL)])
    expected = {}
    for name, each in (("network", network), ("backbone", model)):
        each(np.zeros((1, 32, 32, 3), np.float32))
        path = str(folder / f"{name}.keras")
        each.save(path)
        weight = float(abs(each.get_weights()[0]).sum())
        expected[path] = (type(each).__module__, weight)
    bare = str(folder / "bare.keras")
    model.layers[0].save(bare)
    return expected, bare


@pytest.mark.slow
def test_files_open_whichever_is_imported_first(saved):
    weights, bare = saved
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *weights, bare],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    printed = done.stdout.splitlines()
    assert len(printed) == 6
    for *lines, shape in (printed[:3], printed[3:]):
        read = [line.split() for line in lines]
        for (module, weight), expected in zip(
            read, weights.values(), strict=True
        ):
            assert (module, float(weight)) == expected
        assert shape == "(None, 64)"  # of one whose class is imported


def test_every_registered_class_is_in_the_table():
    for module in keras_objects.MODULES.values():
        __import__(f"simclrv2_tf.{module}")
    registered = {
        name: each.__module__.removeprefix("simclrv2_tf.")
        for name, each in keras.saving.get_custom_objects().items()
        if name.startswith("simclrv2_tf>")
    }
    assert registered == {
        f"simclrv2_tf>{name}": module
        for name, module in keras_objects.MODULES.items()
    }


def test_the_source_registers_no_other_class():
    import test_architecture

    marked = [
        path
        for path in test_architecture.modules()
        if "@keras.saving.register_keras_serializable" in path.read_text()
    ]
    homes = {
        ".".join(p.relative_to(test_architecture.PACKAGE).with_suffix("").parts)
        for p in marked
    }
    assert homes == set(keras_objects.MODULES.values())


def test_a_loaded_class_keeps_its_name():
    keras_objects.register(keras)
    found = keras.saving.get_registered_object("simclrv2_tf>Network")
    assert found is Network


def test_a_stand_in_makes_the_class():
    stand_in = keras_objects._stand_in("LARS")
    made = stand_in(0.1)
    assert type(made) is LARS
    assert type(stand_in.from_config(made.get_config())) is LARS
