"""Arithmetic in 16 bits: what stays in float32, and what overflows."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf

import simclrv2_tf
from simclrv2_tf.models.network import Network
from simclrv2_tf.models.normalization import BatchNorm
from simclrv2_tf.optimizers import LARS
from simclrv2_tf.runs.hardware import precision
from simclrv2_tf.stages.pretrain import Pretrain

TINY = {
    "resnet_depth": 18,
    "width_multiplier": 0.0625,
    "image_size": 8,
    "num_proj_layers": 2,
    "proj_out_dim": 8,
}
VIEWS = tuple(np.random.default_rng(0).random((2, 8, 8, 8, 3), np.float32))
LABELS = np.arange(8, dtype=np.int32) % 3


def stage_of(name, optimizer, **options):
    keras.utils.set_random_seed(0)
    with precision.policy(name):
        stage = Pretrain(Network(**TINY, num_classes=3), 0.5, **options)
        stage.compile(optimizer=optimizer)
    stage.optimizer.build(stage.trainable_variables)
    return stage


def step(stage):
    logs = stage.train_step((VIEWS, LABELS))
    return {name: float(value) for name, value in logs.items()}


@pytest.mark.parametrize(
    "name", ["bfloat16", pytest.param("float16", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize(
    "microbatch", [0, pytest.param(4, marks=pytest.mark.slow)]
)
def test_losses_are_near_those_of_float32(name, microbatch):
    options = {"microbatch": microbatch}
    exact = step(stage_of("float32", keras.optimizers.SGD(0.1), **options))
    stage = stage_of(name, keras.optimizers.SGD(0.1), **options)
    if name == "float16":  # the first scale would overflow, as it may
        stage.optimizer.dynamic_scale.assign(128.0)
    before = [v.numpy() for v in stage.trainable_variables]
    rounded = step(stage)
    for key in ("contrast_loss", "supervised_loss", "total_loss"):
        key = f"train/{key}"
        assert rounded[key] == pytest.approx(exact[key], rel=0.03)
        assert rounded[key] != exact[key]
    for variable in stage.trainable_variables:
        assert variable.dtype == "float32"
        assert np.isfinite(variable.numpy()).all()
    assert any(
        np.any(old != variable.numpy())
        for old, variable in zip(before, stage.trainable_variables, strict=True)
    )


@pytest.mark.parametrize("name", ["bfloat16", "float16"])
@pytest.mark.parametrize("shape", [(64, 4, 4, 3), (64, 3)])
def test_normalization_takes_its_moments_in_float32(name, shape):
    """A mean of 100 beside a deviation of 2: the squares need digits."""
    x = np.random.default_rng(1).normal(100, 2, shape)
    x = tf.cast(x, name)
    with precision.policy(name):
        norm = BatchNorm(momentum=0.0)
    assert norm(x, training=True).dtype == name
    exact = tf.cast(x, tf.float64).numpy().reshape(-1, 3)
    np.testing.assert_allclose(norm.moving_mean, exact.mean(0), rtol=1e-5)
    np.testing.assert_allclose(norm.moving_variance, exact.var(0), rtol=1e-3)


def test_overflow_skips_a_step_and_halves_the_scale():
    stage = stage_of("float16", keras.optimizers.SGD(0.1))
    optimizer = stage.optimizer
    assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    before = [v.numpy() for v in stage.trainable_variables]
    optimizer.dynamic_scale.assign(1e30)
    step(stage)
    assert float(optimizer.dynamic_scale) == pytest.approx(5e29)
    assert int(stage.nonfinite.skipped) == 1
    for old, variable in zip(before, stage.trainable_variables, strict=True):
        np.testing.assert_array_equal(variable.numpy(), old)
    optimizer.dynamic_scale.assign(128.0)
    step(stage)
    assert int(stage.nonfinite.skipped) == 1
    assert any(
        np.any(old != variable.numpy())
        for old, variable in zip(before, stage.trainable_variables, strict=True)
    )


def test_lars_under_loss_scaling_is_lars():
    """Norms of the gradient as it was, and exclusions that still hold."""
    results = []
    gradients = [tf.constant([3.0, 4.0]), tf.constant([1.0, 1.0])]
    for scaled in (False, True):
        variables = [keras.Variable([1.0, 2.0]), keras.Variable([1.0, 2.0])]
        lars = LARS(0.1, weight_decay=0.1)
        lars.exclude_from_weight_decay(var_list=variables[1:])
        lars.exclude_from_layer_adaptation(var_list=variables[1:])
        optimizer, scale = lars, 1.0
        if scaled:
            optimizer = keras.optimizers.LossScaleOptimizer(lars)
            scale = 2.0**15
        optimizer.build(variables)
        for _ in range(2):
            optimizer.apply([scale * g for g in gradients], variables)
        results.append([v.numpy() for v in variables])
    np.testing.assert_allclose(*results, rtol=1e-6)


@pytest.mark.slow
def test_a_run_in_float16_goes_on(tmp_path):
    """Loss scale and all come back; files, policy and export are float32."""
    options = {
        **TINY,
        "train_batch_size": 32,
        "warmup_epochs": 0,
        "use_blur": False,
        "color_jitter_strength": 0.0,
        "mixed_precision": "float16",
        "learning_rate": 0.1,
    }
    parted = tmp_path / "parted"
    simclrv2_tf.pretrain("digits", parted, **options, train_steps=2)
    result = simclrv2_tf.pretrain("digits", parted, **options, train_steps=4)
    assert keras.config.dtype_policy().name == "float32"
    assert np.isfinite(result["train/total_loss"])
    embed = tf.saved_model.load(result["export"]).signatures["images"]
    assert {t.dtype for t in embed.structured_outputs.values()} == {tf.float32}


def test_the_policy_is_brought_back():
    with pytest.raises(KeyError), precision.policy("bfloat16"):
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        raise KeyError
    assert keras.config.dtype_policy().name == "float32"


def lacking(monkeypatch, name, capability=None, features=None, tpu=False):
    """What `lacking_device` says of devices that are made up."""
    gpus = [] if capability is None else ["gpu"]
    config = types.SimpleNamespace(
        list_logical_devices=lambda kind: ["tpu"] if tpu else [],
        list_physical_devices=lambda kind: gpus,
        experimental=types.SimpleNamespace(
            get_device_details=lambda _: {
                "compute_capability": capability,
                "device_name": "Old One",
            }
        ),
    )
    monkeypatch.setattr(precision.tf, "config", config)
    monkeypatch.setattr(precision, "cpu_features", lambda: features)
    return precision.lacking_device(name)


def test_devices_without_native_support(monkeypatch):
    said = lacking(monkeypatch, "bfloat16", capability=(7, 5))
    assert said == "Old One (compute capability 7.5)"
    assert lacking(monkeypatch, "float16", capability=(7, 5)) is None
    assert lacking(monkeypatch, "bfloat16", capability=(8, 0)) is None
    assert lacking(monkeypatch, "float16", features={"avx2"}) == "this CPU"
    assert lacking(monkeypatch, "bfloat16", features={"amx_bf16"}) is None
    assert lacking(monkeypatch, "float16", tpu=True) == "a TPU"
    assert lacking(monkeypatch, "bfloat16", tpu=True) is None
    assert lacking(monkeypatch, "float16", features=None) is None


def test_the_warning(monkeypatch, caplog):
    monkeypatch.setattr(precision, "lacking_device", lambda name: "this CPU")
    precision.warn_if_emulated("float32")
    assert not caplog.messages
    precision.warn_if_emulated("float16")
    assert "this CPU has no native float16" in caplog.messages[0]


def test_cpu_features_are_read(tmp_path):
    x86, arm = tmp_path / "x86", tmp_path / "arm"
    x86.write_text("model name\t: A\nflags\t\t: fpu avx512_bf16\n")
    arm.write_text("Features\t: fp asimdhp bf16\n")
    assert precision.cpu_features(x86) == {"fpu", "avx512_bf16"}
    assert precision.cpu_features(arm) == {"fp", "asimdhp", "bf16"}
    assert precision.cpu_features(tmp_path / "none") is None
