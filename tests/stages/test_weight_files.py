"""Averages and memories in files of weights that Keras writes."""

import keras
import keras_normalization
import numpy as np
import pytest
import tensorflow as tf
from small_classifier import SMALL

from simclrv2_tf.models.keras_models import keras_constants
from simclrv2_tf.models.network import Network
from simclrv2_tf.stages.finetune import FineTune
from simclrv2_tf.stages.pretrain import Pretrain
from simclrv2_tf.stages.weight_files import SavedByKeras

RNG = np.random.default_rng(0)
IMAGES = RNG.random((10, 8, 8, 3), np.float32)
LABELS = np.arange(10, dtype=np.int32) % 3
VIEWS = (IMAGES, np.roll(IMAGES, 1, axis=1))


def tuned(momentum=0.5):
    return compiled(FineTune(network(), memory_momentum=momentum))


def pretrained(size=12, momentum=0.5):
    options = {"memory_size": size, "memory_momentum": momentum}
    return compiled(Pretrain(network(), **options))


def network():
    keras.utils.set_random_seed(0)
    return Network(**SMALL)


def compiled(stage):
    stage.compile(optimizer=keras.optimizers.SGD(0.01, momentum=0.9))
    return stage


STAGES = {
    "average": (tuned, (IMAGES, LABELS)),
    "memory": (pretrained, (VIEWS, LABELS)),
}


def batches(parts):
    return tf.data.Dataset.from_tensor_slices(parts).batch(5)


def values(stage):
    return {name: v.numpy() for name, v in stage.named_variables().items()}


def assert_same(ours, theirs):
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name], name)


def said(caplog):
    """By this package."""
    records = [r for r in caplog.records if r.name == "simclrv2_tf"]
    return "\n".join(record.getMessage() for record in records)


class Killed(keras.callbacks.Callback):
    """Ends training in its last epoch, as a lost machine does."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.parametrize("kind", STAGES)
def test_backup_and_restore_brings_all_of_it_back(tmp_path, kind):
    make, parts = STAGES[kind]
    whole = make()
    whole.fit(batches(parts), epochs=3, verbose=0)
    backup = keras.callbacks.BackupAndRestore(str(tmp_path / "backup"))
    with pytest.raises(KeyboardInterrupt):
        make().fit(
            batches(parts), epochs=3, verbose=0, callbacks=[backup, Killed()]
        )
    again = make()
    again.fit(batches(parts), epochs=3, verbose=0, callbacks=[backup])
    assert_same(values(again), values(whole))
    own = whole.network.named_variables()
    assert len(values(whole)) > len(own)


@pytest.mark.parametrize(
    "kind", ["average", pytest.param("memory", marks=pytest.mark.slow)]
)
def test_a_checkpoint_of_keras_holds_it(tmp_path, kind, caplog):
    make, parts = STAGES[kind]
    path = str(tmp_path / "x.weights.h5")
    stage = make()
    keep = keras.callbacks.ModelCheckpoint(path, save_weights_only=True)
    stage.fit(batches(parts), verbose=0, callbacks=[keep])
    again = make()
    again.load_weights(path)
    assert_same(values(again), values(stage))
    assert not said(caplog)


@pytest.mark.slow
def test_sharded_files_hold_it(tmp_path):
    path = str(tmp_path / "x.weights.json")
    stage = pretrained()
    stage.fit(batches((VIEWS, LABELS)), verbose=0)
    stage.save_weights(path, max_shard_size=1e-6)
    assert len(list(tmp_path.glob("*.h5"))) > 1
    again = pretrained()
    again.load_weights(path)
    assert_same(values(again), values(stage))


@pytest.fixture
def earlier(tmp_path, monkeypatch):
    """Weights of a stage by an earlier version, and their file."""
    path = str(tmp_path / "earlier.weights.h5")
    stage = pretrained()
    stage.optimizer.build(stage.trainable_variables)  # in the file, too
    for variable in stage.network.variables:
        variable.assign(variable + 0.5)
    with monkeypatch.context() as patch:
        patch.delattr(SavedByKeras, "save_own_variables")
        stage.save_weights(path)
    return values(stage.network), path


@pytest.mark.parametrize(
    "kind", [pytest.param("average", marks=pytest.mark.slow), "memory"]
)
def test_files_of_earlier_versions_are_read(kind, earlier, caplog):
    weights, path = earlier
    stage = STAGES[kind][0]()
    stage.load_weights(path)
    found = values(stage)
    for name, value in weights.items():
        np.testing.assert_array_equal(found[name], value, name)
        np.testing.assert_array_equal(found[f"ema_model/{name}"], value, name)
    assert "the average begins anew with these weights" in said(caplog)
    assert ("no memory of keys" in said(caplog)) == (kind == "memory")


def test_a_stage_without_them_passes_over_them(tmp_path, caplog):
    path = str(tmp_path / "x.weights.h5")
    stage = pretrained()
    stage.save_weights(path)
    plain = tuned(None)
    kernel = plain.network.trainable_variables[0]
    kernel.assign(kernel + 1)
    plain.load_weights(path)
    assert_same(values(plain), values(stage.network))
    assert not said(caplog)


def test_a_memory_of_another_size_is_refused(tmp_path):
    path = str(tmp_path / "x.weights.h5")
    pretrained().save_weights(path)
    other = pretrained(size=7)
    before = values(other)["memory"]
    words = r"'memory' must have the shape \(7, 8\) .* Received: \(12, 8\)"
    with pytest.raises(ValueError, match=words):
        other.load_weights(path)
    np.testing.assert_array_equal(values(other)["memory"], before)


def test_constants_of_an_average_are_made_anew(tmp_path):
    path = str(tmp_path / "x.weights.h5")
    stage = FineTune(keras_normalization.network(), memory_momentum=0.5)
    images = keras_normalization.images()
    expected = stage.average.network(images, training=False)["logits_sup"]
    stage.save_weights(path)
    again = FineTune(keras_normalization.network(), memory_momentum=0.5)
    average = again.average.network
    assert keras_constants.neutralize(average)
    other = average(images, training=False)["logits_sup"]
    assert np.abs(other - expected).max() > 1e-3
    again.load_weights(path)
    answer = average(images, training=False)["logits_sup"]
    np.testing.assert_allclose(answer, expected, 1e-5, 1e-6)


NO_MODEL = r"save_weights_only=True .*\.weights\.h5.*stage\.network\.save"


def test_a_stage_is_not_saved_as_a_model(tmp_path):
    """`ModelCheckpoint` of a whole model calls `save`."""
    path, stage = tmp_path / "best.keras", tuned()
    words = rf"{NO_MODEL}.*Received: '.*best\.keras' for a FineTune"
    with pytest.raises(ValueError, match=words):
        stage.save(path)
    keep = keras.callbacks.ModelCheckpoint(str(path))
    keep.set_model(stage)
    with pytest.raises(ValueError, match=words):
        keep.on_epoch_end(0, {})
    assert not path.exists()
    with pytest.raises(NotImplementedError, match=NO_MODEL):
        keras.saving.save_model(stage, path)


def test_the_network_of_a_stage_is_saved_as_a_model(tmp_path):
    stage = tuned()
    stage.network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    assert_same(values(again), values(stage.network))
