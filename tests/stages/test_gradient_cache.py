"""The gradient of a batch that is embedded in micro-batches."""

import functools
import pathlib

import keras
import numpy as np
import processes
import pytest
import tensorflow as tf
from perturbed import perturb
from small_classifier import SMALL
from small_classifier import TINY

from simclrv2_tf.config import Config
from simclrv2_tf.data.augment import policy
from simclrv2_tf.models.network import Network
from simclrv2_tf.models.normalization import BatchNorm
from simclrv2_tf.runs.plan import make_plan
from simclrv2_tf.stages.pretrain import Pretrain

RNG = np.random.default_rng(0)
VIEWS = RNG.random((2, 12, 8, 8, 3), np.float32)
LABELS = np.arange(12, dtype=np.int32) % 4 - 1
DATA = (tuple(VIEWS), LABELS)
AUGMENT = functools.partial(policy.augment_views, strength=0.5)


def darker(images, seed, first, total):
    """Each image by a factor of its own, in place of what takes long."""
    drawn = tf.random.stateless_uniform([total, 1, 1, 1], seed)
    return images * drawn[first : first + tf.shape(images)[0]]


def stage_of(
    microbatch=0, frozen=False, remat=False, arguments=TINY, **options
):
    keras.utils.set_random_seed(0)
    network = Network(**arguments)
    network.backbone.remat = remat
    perturb(network)
    for layer in normalizations(network):
        layer.trainable = not frozen
    stage = Pretrain(network, 0.5, microbatch=microbatch, **options)
    stage.compile(optimizer=keras.optimizers.SGD(0.0))
    stage.optimizer.build(stage.trainable_variables)
    return stage


def normalizations(network):
    parts = (network.backbone, network.projection_head)
    leaves = [leaf for part in parts for leaf in part.leaves()]
    return [leaf for leaf in leaves if isinstance(leaf, BatchNorm)]


def moving_of(network):
    """Moving statistics, those of a Keras backbone too."""
    variables = network.named_variables().items()
    return [v.numpy() for name, v in variables if "moving_" in name]


def step(stage, data=DATA, wrap=lambda f: f):
    """Metrics of one step, gradients, and moving statistics after it."""
    noted = {}
    apply = stage.optimizer.apply
    stage.optimizer.apply = lambda gradients, variables: noted.update(
        {v.path: g for v, g in zip(variables, gradients, strict=True)}
    )

    def run():
        logs = stage.train_step(data)
        return logs, dict(noted)

    logs, gradients = wrap(run)()
    stage.optimizer.apply = apply
    moving = moving_of(stage.network)
    logs = {name: float(value) for name, value in logs.items()}
    return logs, {n: g.numpy() for n, g in gradients.items()}, moving


def assert_close(ours, theirs, bound=1e-5):
    """Gradients agree, as one vector and in each variable."""
    assert set(ours) == set(theirs)
    whole = np.sqrt(sum(np.sum(g**2) for g in theirs.values()))
    for name, gradient in theirs.items():
        error = np.linalg.norm(ours[name] - gradient)
        size = max(np.linalg.norm(gradient), 1e-3 * whole)
        assert error <= bound * size, (name, error / size)


WRAPS = {
    "eager": lambda f: f,
    "graph": functools.partial(tf.function, autograph=False),
    "xla": functools.partial(tf.function, autograph=False, jit_compile=True),
}


@pytest.mark.slow
@pytest.mark.parametrize("wrap", WRAPS)
def test_equals_the_full_batch_where_normalization_is_frozen(wrap):
    # Augmentation is compiled by itself; once more, it takes minutes.
    options = {"frozen": True, "augment": None if wrap == "xla" else AUGMENT}
    wrap = WRAPS[wrap]
    whole, gradients, _ = step(stage_of(**options), wrap=wrap)
    cached = stage_of(microbatch=4, **options)
    logs, ours, _ = step(cached, wrap=wrap)
    assert_close(ours, gradients)
    assert any(np.any(g) for n, g in ours.items() if "supervised" in n)
    for name, value in whole.items():
        assert logs[name] == pytest.approx(value, rel=1e-5), name


@pytest.mark.parametrize(
    ("arguments", "remat"),
    [
        (SMALL, False),
        pytest.param(TINY, False, marks=pytest.mark.slow),
        pytest.param(TINY, True, marks=pytest.mark.slow),
    ],
    ids=["small", "resnet", "remat"],
)
def test_moments_and_statistics_are_those_of_each_micro_batch(arguments, remat):
    """Against all micro-batches under one tape, whose memory none has."""
    twin = stage_of(arguments=arguments)
    variables = twin.trainable_variables
    with tf.GradientTape() as tape:
        parts = []
        for first in (0, 4, 8):
            rows = VIEWS[:, first : first + 4]
            embedded = twin.embed(tuple(rows))
            parts.append([*embedded.projections, *embedded.features])
        joined = [tf.concat(each, axis=0) for each in zip(*parts, strict=True)]
        loss = tf.reduce_mean(twin.contrast.compare(*joined[:2]).loss)
        loss += twin._supervised(joined[2:], LABELS)[0]
    expected = tape.gradient(loss, variables)
    expected = {
        v.path: g.numpy() for v, g in zip(variables, expected, strict=True)
    }
    statistics = moving_of(twin.network)
    cached = stage_of(4, remat=remat, arguments=arguments)
    logs, ours, moving = step(cached, wrap=WRAPS["graph"])
    assert logs["train/total_loss"] == pytest.approx(float(loss), rel=1e-5)
    assert_close(ours, expected, 1e-4)
    for mine, theirs in zip(moving, statistics, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)


def test_one_micro_batch_is_the_plain_step():
    options = {"arguments": SMALL, "augment": darker}
    plain, gradients, statistics = step(stage_of(**options))
    logs, ours, moving = step(stage_of(microbatch=12, **options))
    assert len(statistics) == 2 * (1 + SMALL["num_proj_layers"])
    assert_close(ours, gradients)
    assert logs == pytest.approx(plain, rel=1e-5)
    for mine, theirs in zip(moving, statistics, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-7)


@pytest.mark.slow
def test_twice_the_same_bit_for_bit():
    results = [
        step(stage_of(microbatch=3, augment=AUGMENT), wrap=tf.function)
        for _ in range(2)
    ]
    for name, gradient in results[0][1].items():
        np.testing.assert_array_equal(results[1][1][name], gradient)


@pytest.mark.slow
def test_fit_trains_the_weights():
    stage = stage_of(microbatch=6, arguments=SMALL, augment=AUGMENT)
    stage.compile(optimizer=keras.optimizers.SGD(0.1))
    before = [v.numpy() for v in stage.trainable_variables]
    data = tf.data.Dataset.from_tensors(DATA).repeat(2)
    history = stage.fit(data, verbose=0).history
    assert np.isfinite(history["train/total_loss"][0])
    for old, variable in zip(before, stage.trainable_variables, strict=True):
        assert np.any(old != variable.numpy()), variable.path


@pytest.mark.slow
def test_two_replicas_have_the_gradient_of_one(tmp_path):
    program = pathlib.Path(__file__).with_name("cached_replicas.py")
    file = tmp_path / "values.npz"
    running = [processes.start(program, file)]
    outputs, status = processes.finish(running, timeout=600)
    assert status == [0], outputs
    values = dict(np.load(file))
    ours, theirs = (
        {
            name.removeprefix(f"{kind}/"): value
            for name, value in values.items()
            if name.startswith(kind)
        }
        for kind in ("mirrored", "one_device")
    )
    assert_close(ours, theirs, 1e-4)


def test_messages():
    with pytest.raises(
        ValueError, match="must divide .* here 12.*microbatch=5"
    ):
        step(stage_of(microbatch=5, arguments=SMALL))
    unknown = tf.TensorSpec([None, 8, 8, 3])
    stage = stage_of(microbatch=4, arguments=SMALL)
    with pytest.raises(ValueError, match="batches of a known size: batch the"):
        tf.function(stage.embed).get_concrete_function((unknown, unknown))
    config = Config(
        train_batch_size=12, gradient_cache_microbatch=4, warmup_epochs=0
    )
    make_plan(config, 24)
    with pytest.raises(ValueError, match="must divide .* here 6"):
        make_plan(config, 24, replicas=2)
    with pytest.raises(ValueError, match="no meaning with train_mode='fine"):
        Config(train_mode="finetune", gradient_cache_microbatch=4)
