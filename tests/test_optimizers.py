"""LARS, scaling and schedule against naive twins and parity figures."""

import keras
import numpy as np
import pytest
import reference
import tensorflow as tf

from simclrv2_tf import optimizers

RNG = np.random.default_rng(0)
EXCLUDED = ("batch_normalization", "bias", "head_supervised")


def test_lars_equals_naive_twin():
    w, g = RNG.normal(size=(2, 4, 3)).astype(np.float32)
    variable = keras.Variable(w)
    lars = optimizers.LARS(0.3, momentum=0.9, weight_decay=0.01)
    v = np.zeros_like(w)
    for _ in range(4):
        lars.apply([tf.constant(g)], [variable])
        w, v = reference.lars_step(w, g, v, 0.3, 0.9, 0.01)
    np.testing.assert_allclose(variable.numpy(), w, rtol=1e-5)


def test_lars_takes_no_ratio_of_zeros():
    variable = keras.Variable(np.zeros(3, np.float32))
    optimizers.LARS(0.5, momentum=0.0).apply([tf.ones(3)], [variable])
    np.testing.assert_allclose(variable.numpy(), -0.5 * np.ones(3))


def test_lars_leaves_excluded_variables_alone_by_identity():
    plain, adapted = (keras.Variable(np.ones(3, np.float32)) for _ in "ab")
    lars = optimizers.LARS(1.0, momentum=0.0, weight_decay=1.0)
    lars.exclude_from_weight_decay(var_list=[plain])
    lars.exclude_from_layer_adaptation(var_list=[plain])
    lars.apply([0.1 * tf.ones(3)] * 2, [plain, adapted])
    np.testing.assert_allclose(plain.numpy(), 0.9 * np.ones(3), rtol=1e-6)
    np.testing.assert_allclose(adapted.numpy(), 0.999 * np.ones(3), rtol=1e-6)


def test_lars_refuses_names():
    with pytest.raises(ValueError, match="by identity: give `var_list`"):
        optimizers.LARS().exclude_from_weight_decay(var_names=["bias"])


def test_lars_refuses_exclusions_that_come_too_late():
    variable = keras.Variable(np.ones(3, np.float32))
    lars = optimizers.LARS()
    lars.build([variable])
    for exclude in (
        lars.exclude_from_weight_decay,
        lars.exclude_from_layer_adaptation,
    ):
        with pytest.raises(ValueError, match="before the optimizer is built"):
            exclude(var_list=[variable])


def test_lars_adapts_what_is_taken_out_of_decay_alone():
    variable = keras.Variable(np.ones(4, np.float32))
    lars = optimizers.LARS(1.0, momentum=0.0, weight_decay=1.0)
    lars.exclude_from_weight_decay(var_list=[variable])
    lars.apply([0.1 * tf.ones(4)], [variable])
    # The gradient's length is no matter: the step is 0.001 of the weights.
    np.testing.assert_allclose(variable.numpy(), 0.999 * np.ones(4), rtol=1e-6)


def test_lars_config_round_trip():
    lars = optimizers.LARS(0.3, 0.8, 1e-4, 2e-3, False, True)
    again = optimizers.LARS.from_config(lars.get_config())
    assert again.get_config() == lars.get_config()
    assert again.decay == 1e-4


@pytest.mark.parametrize(
    ("config", "options"),
    [
        ("default", {"learning_rate": 0.3, "weight_decay": 1e-4}),
        (
            "nesterov",
            {"learning_rate": 0.1, "weight_decay": 1e-6, "nesterov": True},
        ),
        (
            "popular",
            {
                "learning_rate": 0.3,
                "weight_decay": 1e-4,
                "classic_momentum": False,
            },
        ),
    ],
)
@pytest.mark.parametrize("compiled", [None, False, True])
def test_lars_parity(parity_dir, config, options, compiled):
    figures = np.load(parity_dir / "ops" / "lars.npz")
    own = [n for n in figures if n.startswith(f"{config}/")]
    names = sorted({n.split("/", 1)[1].rsplit("/", 1)[0] for n in own})
    variables = [keras.Variable(figures[f"{config}/{n}/value0"]) for n in names]
    lars = optimizers.LARS(**options)
    plain = [
        v
        for n, v in zip(names, variables, strict=True)
        if any(part in n for part in EXCLUDED)
    ]
    lars.exclude_from_weight_decay(var_list=plain)
    lars.exclude_from_layer_adaptation(var_list=plain)
    lars.build(variables)
    step = lambda gradients: lars.apply(gradients, variables)  # noqa: E731
    if compiled is not None:
        step = tf.function(step, jit_compile=compiled)
    for index in range(5):
        step([tf.constant(figures[f"{config}/{n}/grad{index}"]) for n in names])
    for name, variable in zip(names, variables, strict=True):
        expected = figures[f"{config}/{name}/value5"]
        error = np.linalg.norm(variable.numpy() - expected)
        assert error <= 1e-5 * np.linalg.norm(expected), name


def test_schedule_parity(parity_dir):
    figures = np.load(parity_dir / "ops" / "schedule.npz")
    for recipe in {name.split("/")[0] for name in figures}:
        rate, batch, warmup, epochs, examples, root = figures[f"{recipe}/args"]
        batch, examples = int(batch), int(examples)
        total = optimizers.train_steps(examples, batch, int(epochs))
        scaling = "sqrt" if root else "linear"
        scaled = optimizers.scale_learning_rate(rate, batch, scaling)
        schedule = optimizers.warmup_cosine(
            scaled, optimizers.warmup_steps(examples, batch, warmup), total
        )
        assert total == figures[f"{recipe}/train_steps"]
        ours = [float(schedule(int(s))) for s in figures[f"{recipe}/steps"]]
        np.testing.assert_allclose(
            ours, figures[f"{recipe}/lr"], rtol=1e-6, atol=1e-6 * scaled
        )


@pytest.mark.parametrize("warmup", [0, 3])
def test_schedule_equals_naive_twin(warmup):
    schedule = optimizers.warmup_cosine(2.0, warmup, 10)
    ours = [float(schedule(step)) for step in range(10)]
    twin = [reference.warmup_cosine(s, 2.0, warmup, 10) for s in range(10)]
    np.testing.assert_allclose(ours, twin, rtol=1e-5, atol=1e-6)


def test_steps_of_published_checkpoints():
    images = 1_281_167
    assert optimizers.train_steps(images, 4096, 800) == 250_228
    assert optimizers.train_steps(images, 1024, 30) == 37_535
    assert optimizers.train_steps(128_116, 1024, 30) == 3_754
    assert optimizers.train_steps(12_811, 1024, 60) == 751


def test_messages():
    with pytest.raises(ValueError, match="must be shorter than training"):
        optimizers.warmup_cosine(0.1, 10, 10)
    with pytest.raises(ValueError, match="`learning_rate_scaling` must be"):
        optimizers.scale_learning_rate(0.1, 256, "cubic")
    with pytest.raises(ValueError, match="`optimizer` must be one of"):
        optimizers.build_optimizer("sgdx", 0.1)


@pytest.mark.parametrize("name", ["lars", "momentum", "adam", "lamb"])
def test_every_optimizer_descends(name):
    variable = keras.Variable(np.ones(3, np.float32))
    optimizer = optimizers.build_optimizer(name, 0.01, weight_decay=1e-4)
    before = float(tf.reduce_sum(variable.value**2))
    for _ in range(3):
        optimizer.apply([2 * variable.value], [variable])
    assert float(tf.reduce_sum(variable.value**2)) < before
