"""The momentum encoder and its memory, against a naive twin."""

import keras
import linear_network
import numpy as np
import pytest
import reference
import tensorflow as tf
from perturbed import perturb
from small_classifier import SMALL
from small_classifier import TINY
from stand_ins import arrays_of

from simclrv2_tf import losses
from simclrv2_tf import nt_xent_tiled
from simclrv2_tf.models.network import Network
from simclrv2_tf.stages.key_memory import KeyMemory
from simclrv2_tf.stages.pretrain import Pretrain

RNG = np.random.default_rng(0)
BATCH, FEATURES, RATE, TEMPERATURE = 5, 6, 0.2, 0.5


def linear_stage(momentum, size, tile=0, rate=RATE):
    keras.utils.set_random_seed(0)
    stage = Pretrain(
        linear_network.LinearNetwork(FEATURES),
        TEMPERATURE,
        tile=tile,
        memory_size=size,
        memory_momentum=momentum,
    )
    stage.compile(optimizer=keras.optimizers.SGD(rate))
    stage.optimizer.build(stage.trainable_variables)
    return stage


def pixels(steps):
    """Views of one pixel, for each step a pair."""
    return RNG.normal(size=(steps, 2, BATCH, 1, 1, FEATURES)).astype("f")


def apart(ours, theirs):
    return np.abs(np.asarray(ours) - theirs).max()


@pytest.mark.parametrize("tile", [0, 3])
def test_ten_steps_are_those_of_the_naive_twin(tile):
    """The memory of 23 is no multiple of the ten keys of a step."""
    stage = linear_stage(0.7, 23, tile)
    weights = stage.network.dense.kernel
    twin = reference.MomentumTwin(weights.numpy(), 0.7, 23, TEMPERATURE, RATE)
    step = tf.function(stage.train_step, autograph=False)
    for number, views in enumerate(pixels(10)):
        stage.reset_metrics()
        loss = step((tuple(map(tf.constant, views)),))["train/contrast_loss"]
        expected = twin.step(*views[:, :, 0, 0])
        assert abs(float(loss) - expected) < 1e-6 * expected
        assert apart(weights, twin.weights) < 1e-6
        average = stage.average.network.dense.kernel
        assert apart(average, twin.average) < 1e-6
        filled = int(stage.memory.filled)
        assert filled == len(twin.memory) == min(23, 10 * (number + 1))
        oldest = int(stage.memory.written) - filled
        ring = np.roll(stage.memory.keys.numpy(), -oldest, axis=0)
        if filled < 23:
            assert not ring[filled:].any()
        assert apart(ring[:filled], np.array(twin.memory)) < 1e-6
    assert apart(average, weights.numpy()) > 0.01


def test_momentum_0_and_a_memory_of_one_batch_in_closed_form():
    """Weights that stand still: keys are the projections themselves."""
    stage = linear_stage(0.0, 2 * BATCH, rate=0.0)
    before, now = pixels(2)
    stage.train_step((tuple(before),))
    stage.reset_metrics()
    loss = stage.train_step((tuple(now),))["train/contrast_loss"]
    kernel = np.float64(stage.network.dense.kernel.numpy())
    old, new = (
        reference.unit(np.concatenate(x[:, :, 0, 0]) @ kernel)
        for x in (before, now)
    )
    logits = new @ np.concatenate([new, old]).T / TEMPERATURE
    positive = np.roll(np.arange(2 * BATCH), BATCH)
    np.fill_diagonal(logits, -np.inf)
    of_positive = logits[np.arange(2 * BATCH), positive]
    expected = np.log(np.exp(logits).sum(1)) - of_positive
    assert float(loss) == pytest.approx(2 * expected.mean(), rel=1e-6)


@pytest.mark.parametrize("tile", [0, 4])
def test_with_keys_of_its_own_the_loss_is_nt_xent(tile):
    a, b = RNG.normal(size=(2, 7, 4)).astype("f")
    plain = losses.NTXent(tile=tile).compare(a, b)
    keys = losses.Keys(*(tf.math.l2_normalize(x, -1) for x in (a, b)))
    against = losses.NTXent(tile=tile).compare(a, b, keys)
    for ours, theirs in zip(against, plain, strict=True):
        np.testing.assert_allclose(ours, theirs, 1e-5, 1e-6)


@pytest.mark.parametrize("filled", [0, 3, 11, 30])
def test_dense_and_tiled_agree_on_any_memory(filled, monkeypatch):
    # Three tiles of the memory, where they are chosen.
    monkeypatch.setattr(losses, "DENSE_PAIRS", 0)
    monkeypatch.setattr(nt_xent_tiled, "TILE", 2)
    monkeypatch.setattr(nt_xent_tiled, "LOGITS_OF_MEMORY", 4 * 7)
    assert nt_xent_tiled.tile_of_memory(tf.zeros((7, 4))) == 4
    a, b, ka, kb = tf.unstack(
        tf.constant(RNG.normal(size=(4, 7, 4)), "float32")
    )
    memory = KeyMemory(11, 4)
    memory.push(tf.constant(RNG.normal(size=(filled, 4)), "float32"), True)
    results = []
    for tile in (0, 2, 256, "auto"):
        with tf.GradientTape() as tape:
            tape.watch([a, b, ka, kb])
            pairs = losses.compare(
                a, b, 0.5, True, tile, losses.Keys(ka, kb, memory)
            )
        results.append([*pairs, *tape.gradient(pairs.loss, [a, b])])
    for other in results[1:]:
        for ours, theirs in zip(other, results[0], strict=True):
            np.testing.assert_allclose(ours, theirs, 1e-5, 1e-6)


def test_keys_have_no_gradient():
    a, b, ka, kb = tf.unstack(
        tf.constant(RNG.normal(size=(4, 7, 4)), "float32")
    )
    for tile in (0, 2):
        with tf.GradientTape() as tape:
            tape.watch([ka, kb])
            loss = losses.compare(
                a, b, tile=tile, keys=losses.Keys(ka, kb)
            ).loss
        assert tape.gradient(loss, [ka, kb]) == [None, None]


IMAGES = RNG.random((2, 8, 8, 8, 3), np.float32)
BAD = np.where(np.arange(8).reshape(8, 1, 1, 1) == 3, np.nan, IMAGES)
LABELS = np.arange(8, dtype=np.int32) % 3


def stage_of(policy="float32", remat=None, optimizer=None, **options):
    """A stage of one convolution, or of a ResNet where `remat` is given."""
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(policy)
    network = Network(**SMALL if remat is None else TINY)
    network.backbone.remat = bool(remat)
    perturb(network)
    options = {"memory_size": 40, "memory_momentum": 0.5, **options}
    stage = Pretrain(network, 0.5, **options)
    stage.compile(optimizer=optimizer or keras.optimizers.SGD(0.1))
    keras.config.set_dtype_policy("float32")
    stage.optimizer.build(stage.trainable_variables)
    return stage


def take_steps(stage, *batches, compiled=False):
    step = tf.function(stage.train_step, autograph=False, jit_compile=compiled)
    for views in batches:
        logs = step((tuple(map(tf.constant, views)), tf.constant(LABELS)))
    return {name: float(value) for name, value in logs.items()}


@pytest.fixture(scope="module")
def plain():
    """A stage of a ResNet after three steps, and what they told."""
    stage = stage_of(remat=False)
    logs = take_steps(stage, IMAGES, IMAGES[::-1], IMAGES)
    return logs, arrays_of(stage)


def assert_like(ours, theirs, bound):
    """Alike as one vector of each kind."""
    assert set(ours) == set(theirs)
    for kind in ("ema_model", "memory", "base_model", "head_"):
        names = [name for name in theirs if name.startswith(kind)]
        gap, size = (
            np.sqrt(sum(np.sum(np.float64(x) ** 2) for x in xs))
            for xs in (
                [ours[n] - theirs[n] for n in names],
                [theirs[n] for n in names],
            )
        )
        assert gap <= bound * size, (kind, gap / size)


def test_a_bad_step_takes_back_memory_and_average():
    stage = stage_of()
    step = tf.function(stage.train_step, autograph=False)
    step((tuple(map(tf.constant, IMAGES)), tf.constant(LABELS)))
    before = arrays_of(stage)
    for views, moves in ((BAD, False), (IMAGES, True)):
        step((tuple(map(tf.constant, views)), tf.constant(LABELS)))
        changed = {
            name
            for name, array in arrays_of(stage).items()
            if not np.array_equal(array, before[name])
        }
        kernels = {
            name
            for name in before
            if name.startswith("ema_model") and name.endswith("kernel")
        }
        assert kernels and bool(changed) == moves, changed
        assert kernels <= changed or not moves
    assert int(stage.nonfinite.skipped) == 1
    assert int(stage.memory.written) == 32


@pytest.mark.slow
def test_the_average_has_statistics_of_its_own_activations():
    """Those of the keys' batches; the weights are averages."""
    stage = stage_of(remat=False, memory_momentum=0.9)
    before = arrays_of(stage)
    views = tf.concat(list(IMAGES), axis=0)
    first = stage.average.network.backbone.stem.conv(views)
    mean = tf.reduce_mean(first, axis=[0, 1, 2]).numpy()
    take_steps(stage, IMAGES)
    after = arrays_of(stage)
    name = "base_model/batch_normalization/moving_mean"
    np.testing.assert_allclose(
        after[f"ema_model/{name}"], 0.1 * mean, 1e-4, 1e-6
    )
    for name, array in after.items():
        if f"ema_model/{name}" in after and "moving_" not in name:
            expected = 0.9 * before[name] + 0.1 * array
            average = after[f"ema_model/{name}"]
            np.testing.assert_allclose(average, expected, 1e-5, 1e-6)


@pytest.mark.slow
def test_remat_changes_nothing(plain):
    stage = stage_of(remat=True)
    logs = take_steps(stage, IMAGES, IMAGES[::-1], IMAGES)
    assert logs == pytest.approx(plain[0], rel=1e-4)
    assert_like(arrays_of(stage), plain[1], 1e-4)


@pytest.mark.slow
def test_a_micro_batch_of_all_is_the_plain_step(plain):
    stage = stage_of(remat=False, microbatch=8)
    logs = take_steps(stage, IMAGES, IMAGES[::-1], IMAGES)
    assert logs == pytest.approx(plain[0], rel=1e-4)
    assert_like(arrays_of(stage), plain[1], 1e-4)


@pytest.mark.slow
def test_keys_of_micro_batches_have_their_moments():
    stage = stage_of(microbatch=4)
    keys = stage.keys(tuple(map(tf.constant, IMAGES)))
    twin = stage_of()
    for half in (0, 1):
        rows = slice(4 * half, 4 * half + 4)
        expected = twin.keys(tuple(IMAGES[:, rows]))
        for ours, theirs in zip(keys[:2], expected[:2], strict=True):
            np.testing.assert_allclose(ours[rows], theirs, 1e-4, 1e-5)
    logs = take_steps(stage, IMAGES, IMAGES)
    assert np.isfinite(list(logs.values())).all()


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_in_16_bits_memory_and_average_are_float32(policy):
    optimizer = keras.optimizers.SGD(0.01)
    if policy == "mixed_float16":  # one that need not find its scale first
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, 8.0)
    stage = stage_of(policy, remat=False, optimizer=optimizer)
    assert stage.average.network.backbone.compute_dtype == policy[6:]
    logs = take_steps(stage, IMAGES, IMAGES[::-1], IMAGES)
    assert np.isfinite(list(logs.values())).all()
    assert int(stage.nonfinite.skipped) == 0
    for variable in stage.named_variables().values():
        assert variable.dtype in ("float32", "int64")
    lengths = np.linalg.norm(stage.memory.keys.numpy(), axis=1)
    np.testing.assert_allclose(lengths, 1.0, 1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("tile", [0, 16])
def test_the_step_compiles(plain, tile):
    stage = stage_of(remat=False, tile=tile)
    logs = take_steps(stage, IMAGES, IMAGES[::-1], IMAGES, compiled=True)
    assert logs == pytest.approx(plain[0], rel=1e-3)
    assert_like(arrays_of(stage), plain[1], 1e-3)


def test_fit_trains_with_a_memory():
    stage = stage_of(memory_size=20)
    before = arrays_of(stage)
    data = tf.data.Dataset.from_tensors((tuple(IMAGES), LABELS)).repeat(3)
    history = stage.fit(data, verbose=0).history
    assert np.isfinite(history["train/total_loss"][0])
    for name, array in arrays_of(stage).items():
        assert np.any(array != before[name]), name
    assert int(stage.memory.filled) == 20


def test_an_average_alone_averages_the_statistics_too():
    stage = stage_of(memory_size=0, memory_momentum=0.75)
    before = arrays_of(stage)
    take_steps(stage, IMAGES)
    after = arrays_of(stage)
    for name in stage.network.named_variables():
        expected = 0.75 * before[name] + 0.25 * after[name]
        average = after[f"ema_model/{name}"]
        np.testing.assert_allclose(average, expected, 1e-5, 1e-6)
    assert "memory" not in after


def test_without_either_nothing_is_kept_beside_the_weights():
    stage = Pretrain(linear_network.LinearNetwork())
    assert stage.average is stage.memory is None
    assert list(stage.named_variables()) == ["base_model/kernel"]
