"""The stages by single steps, and what they are judged by."""

import warnings

import keras
import numpy as np
import pytest
import reference
import tensorflow as tf
from small_classifier import TINY
from small_classifier import network
from stand_ins import arrays_of

from simclrv2_tf.config import Config
from simclrv2_tf.inference.evaluation import metrics
from simclrv2_tf.models.network import Network
from simclrv2_tf.probing.nearest import knn_accuracy
from simclrv2_tf.runs.plan import make_plan
from simclrv2_tf.stages import stage
from simclrv2_tf.stages.distill import Distill
from simclrv2_tf.stages.finetune import FineTune
from simclrv2_tf.stages.pretrain import Pretrain

RNG = np.random.default_rng(0)
IMAGES = RNG.random((8, 8, 8, 3), np.float32)
LABELS = np.array([0, 1, 2, 0, 1, 2, -1, -1], np.int32)


def step(stage, data):
    stage.compile(optimizer=keras.optimizers.SGD(0.1))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        return {k: float(v) for k, v in stage.train_step(data).items()}


def test_pretrain_step_notes_the_originals_metrics():
    stage = Pretrain(network())
    logs = step(stage, ((IMAGES, IMAGES[::-1]), LABELS))
    assert set(logs) == {
        f"train/{name}"
        for name in (
            "contrast_loss",
            "contrast_acc",
            "contrast_entropy",
            "supervised_loss",
            "supervised_acc",
            "weight_decay",
            "total_loss",
        )
    }
    parts = ("contrast_loss", "supervised_loss", "weight_decay")
    total = sum(logs[f"train/{part}"] for part in parts)
    assert logs["train/total_loss"] == pytest.approx(total, rel=1e-5)


def test_pretrain_loss_is_that_of_the_projections():
    net = network()
    views = (IMAGES, np.roll(IMAGES, 1, axis=1))
    both = net(np.concatenate(views), training=True)["proj_head_output"]
    twin = reference.nt_xent(*np.split(both.numpy(), 2), 0.5).mean()
    logs = step(Pretrain(network(), 0.5, linear_evaluation=False), (views,))
    assert logs["train/contrast_loss"] == pytest.approx(twin, rel=1e-3)


def test_the_head_on_the_side_teaches_the_backbone_nothing():
    data = ((IMAGES, IMAGES[::-1]), LABELS)
    with_head, without = network(), network()
    step(Pretrain(with_head), data)
    step(Pretrain(without, linear_evaluation=False), data)
    ours, theirs = with_head.named_variables(), without.named_variables()
    for name, variable in ours.items():
        same = np.allclose(variable.numpy(), theirs[name].numpy(), atol=1e-6)
        assert same != name.startswith("head_supervised"), name


def test_pretraining_needs_no_labels():
    logs = step(Pretrain(network(num_classes=0)), ((IMAGES, IMAGES),))
    assert np.isfinite(logs["train/contrast_loss"])
    assert "train/supervised_loss" not in logs


def test_finetune_passes_over_the_unlabelled():
    few = step(FineTune(network()), (IMAGES, LABELS))
    logits = network()(IMAGES, training=True)["logits_sup"].numpy()
    p = reference.softmax(np.float64(logits))[:6]
    expected = -np.log(p[np.arange(6), LABELS[:6]]).mean()
    assert few["train/supervised_loss"] == pytest.approx(expected, rel=1e-3)


def test_a_loss_on_few_labels_is_the_mean_of_each():
    """Batches of five labels, of one and of none weigh as they should."""
    stage = FineTune(network())
    stage.compile(optimizer=keras.optimizers.SGD(0.0))
    losses, counts = [], (5, 1, 0)
    for count in counts:
        labels = np.where(np.arange(8) < count, np.maximum(LABELS, 0), -1)
        labels = labels.astype(np.int32)
        losses.append(step(FineTune(network()), (IMAGES, labels)))
        metrics = stage.train_step((IMAGES, labels))
    alone = [logs["train/supervised_loss"] for logs in losses]
    expected = np.average(alone, weights=counts)
    assert float(metrics["train/supervised_loss"]) == pytest.approx(
        expected, rel=1e-4
    )


@pytest.mark.parametrize(
    "kind", [pytest.param("pretrain", marks=pytest.mark.slow), "distill"]
)
def test_means_over_batches_weigh_their_images(kind):
    def make():
        if kind == "pretrain":
            return Pretrain(network())
        return Distill(network(), network(), alpha=0.5)

    stage, counts, alone = make(), (6, 2), []
    stage.compile(optimizer=keras.optimizers.SGD(0.0))
    for count in counts:
        images, labels = IMAGES[-count:], np.abs(LABELS[-count:])
        shown = (images, images[::-1]) if kind == "pretrain" else images
        alone.append(step(make(), (shown, labels)))
        metrics = stage.train_step((shown, labels))
    for name, value in metrics.items():
        expected = np.average([logs[name] for logs in alone], weights=counts)
        if name != "train/weight_decay":
            assert float(value) == pytest.approx(expected, rel=1e-4), name


def test_finetune_leaves_layers_behind_the_selector_alone():
    net = network(ft_proj_selector=1)
    before = arrays_of(net)
    step(FineTune(net), (IMAGES, LABELS))
    after = arrays_of(net)
    same = {n for n in before if np.array_equal(before[n], after[n])}
    behind = {n for n in before if n.startswith("head_contrastive/nl_1")}
    selected = {n for n in before if n.startswith("head_contrastive/nl_0")}
    assert behind <= same
    assert not selected & same


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_distill_loss_is_equation_3(alpha):
    teacher, student = network(), network()
    for variable in teacher.trainable_variables:
        variable.assign_add(0.1 * tf.random.normal(variable.shape, seed=1))
    taught = teacher(IMAGES)["logits_sup"].numpy()
    answer = network()(IMAGES, training=True)["logits_sup"].numpy()
    distilled = reference.distillation(taught, answer, 0.5).mean()
    p = reference.softmax(np.float64(answer))[:6]
    labelled = -np.log(p[np.arange(6), LABELS[:6]]).mean()
    before = [v.numpy() for v in teacher.variables]
    logs = step(Distill(student, teacher, 0.5, alpha), (IMAGES, LABELS))
    expected = (1 - alpha) * labelled + alpha * distilled
    assert logs["train/total_loss"] == pytest.approx(expected, rel=1e-3)
    for old, variable in zip(before, teacher.variables, strict=True):
        np.testing.assert_array_equal(old, variable.numpy())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FineTune(network(num_classes=0)), "must have a supervised"),
        (
            lambda: Distill(network(), network(num_classes=4)),
            "teacher of 4 and a student of 3",
        ),
        (
            lambda: Distill(network(), Network(**TINY, channels=1)),
            "teacher of 1 and a student of 3 channels",
        ),
        (lambda: Distill(network(), network(), 0), "must be above 0"),
        (lambda: Distill(network(), network(), 1, 2), r"must be in \[0, 1\]"),
    ],
)
def test_stage_messages(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.slow
def test_fit_on_any_dataset():
    data = tf.data.Dataset.from_tensors(((IMAGES, IMAGES[::-1]), LABELS))
    stage = Pretrain(network())
    stage.compile(optimizer=keras.optimizers.SGD(0.01))
    history = stage.fit(data.repeat(2), verbose=0).history
    assert np.isfinite(history["train/contrast_loss"][0])


def test_the_input_is_held_on_to():
    """Dropped half-way it would wait for readers who wait for Python."""
    dataset = tf.data.Dataset.from_tensors((IMAGES, LABELS)).repeat()
    tuned = FineTune(network())
    tuned.compile(optimizer=keras.optimizers.SGD(0.1), run_eagerly=True)
    tuned.fit(dataset, epochs=1, steps_per_epoch=2, verbose=0)
    (iterator,) = stage._INPUT
    assert len(next(iterator)) == 2


def test_plan_and_its_messages():
    config = Config(train_batch_size=100, train_epochs=10, warmup_epochs=1)
    plan = make_plan(config, 1000)
    assert (plan.train_steps, plan.warmup_steps) == (101, 10)
    assert plan.checkpoint_steps == 10
    with pytest.raises(ValueError, match="at least as many images as a batch"):
        make_plan(config, 99)
    with pytest.raises(ValueError, match="multiple of the 3 replicas"):
        make_plan(config, 1000, replicas=3)
    with pytest.raises(ValueError, match="shorter than training"):
        make_plan(Config(train_batch_size=10, train_epochs=5), 100)


def test_accuracy_counts_every_example():
    net = network(num_classes=10)
    images, labels = RNG.random((7, 8, 8, 3)), np.arange(7) % 3
    logits = net(images)["logits_sup"].numpy()
    order = np.argsort(-logits, axis=1)
    data = tf.data.Dataset.from_tensor_slices(images.astype(np.float32))
    batches = data.enumerate().map(lambda number, x: (x, number)).batch(3)
    result = metrics.accuracy(metrics.answers_of(net, batches, labels))
    assert result["examples"] == 7
    assert result["label_top_1_accuracy"] == pytest.approx(
        (order[:, 0] == labels).mean()
    )
    assert result["label_top_5_accuracy"] == pytest.approx(
        (order[:, :5] == labels[:, None]).any(axis=1).mean()
    )


def test_knn_equals_naive_vote():
    bank, queries = RNG.normal(size=(2, 30, 4)).astype(np.float32)
    known, truth = RNG.integers(0, 3, (2, 30))
    right = 0
    for query, label in zip(queries, truth, strict=True):
        cosine = bank @ query / np.linalg.norm(bank, axis=1)
        cosine /= np.linalg.norm(query)
        votes = np.zeros(3)
        for index in np.argsort(-cosine)[:5]:
            votes[known[index]] += np.exp(cosine[index] / 0.1)
        right += votes.argmax() == label
    ours = knn_accuracy((bank, known), (queries, truth), 5, 0.1)
    assert ours == pytest.approx(right / 30)


def test_evaluation_needs_labels():
    data = tf.data.Dataset.from_tensors((IMAGES, np.arange(8)))
    with pytest.raises(ValueError, match="needs labelled examples"):
        metrics.answers_of(network(), data, np.full(8, -1))
    with pytest.raises(ValueError, match="neighbours need labels"):
        knn_accuracy((IMAGES, LABELS * 0 - 1), (IMAGES, LABELS))
