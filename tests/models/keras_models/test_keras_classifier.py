"""Keras classifiers as teachers, alone and several."""

import keras
import keras_networks
import numpy as np
import pytest
import tensorflow as tf
from keras_networks import images

from simclrv2_tf.models.keras_models.keras_classifier import KerasClassifier
from simclrv2_tf.models.keras_models.keras_classifier import image_size_of
from simclrv2_tf.models.keras_models.keras_classifier import (
    make_keras_classifier,
)
from simclrv2_tf.models.network import Network
from simclrv2_tf.stages.distill import Distill

SMALL = {"resnet_depth": 18, "width_multiplier": 0.0625, "proj_out_dim": 8}


def made(model, tmp_path, pixels="0..1"):
    path = str(tmp_path / f"{model.name}.keras")
    model.save(path)
    return make_keras_classifier(path, pixels, 3)


def test_logits_stay_as_they_are(tmp_path):
    model = keras_networks.classifier()
    teacher = made(model, tmp_path, "0..255")
    assert not teacher.gives_probabilities
    np.testing.assert_allclose(
        teacher(images())["logits_sup"], model(255 * images()), rtol=1e-5
    )


def test_of_probabilities_the_logarithm_is_taken(tmp_path):
    model = keras_networks.classifier(activation="softmax", bias=2.0)
    teacher = made(model, tmp_path)
    assert teacher.gives_probabilities
    answers = tf.nn.softmax(teacher(images())["logits_sup"])
    np.testing.assert_allclose(answers, model(images()), rtol=1e-5)


def test_a_teacher_is_told_of_as_a_network_is(tmp_path):
    teacher = made(keras_networks.classifier(5), tmp_path)
    config = teacher.get_config()
    assert (config["image_size"], config["channels"]) == (16, 3)
    assert config["num_classes"] == 5
    assert not teacher.trainable_variables


def test_the_size_of_images_is_known_without_weights():
    text = "keras:MobileNetV2(alpha=0.35, weights='nowhere.h5', classes=3)"
    assert image_size_of(text) == 224


@pytest.mark.parametrize(
    ("source", "pixels", "message"),
    [
        ("keras:MobileNetV2", None, "A teacher must be trained: give the"),
        ("keras:MobileNetV2(pooling='max')", None, "must be trained"),
        ("keras:NoNet(weights='x')", None, "keras.applications has no 'NoNet'"),
        ("gone.keras", "0..1", "There is no file 'gone.keras'"),
        ("gone.keras", None, "There is no file 'gone.keras'"),
    ],
)
def test_what_is_no_teacher_is_a_sentence(source, pixels, message):
    with pytest.raises(ValueError, match=message):
        make_keras_classifier(source, pixels, 3)


def test_pixels_are_asked_for_where_they_are_not_known(tmp_path):
    with pytest.raises(ValueError, match="`teacher_pixels` must say which"):
        made(keras_networks.classifier(), tmp_path, None)


def test_a_feature_map_is_no_answer(tmp_path):
    with pytest.raises(ValueError, match="must give logits or probabilities"):
        made(keras_networks.sequential(), tmp_path)


def test_classes_and_channels_must_be_the_students(tmp_path):
    student = Network(**SMALL, image_size=16, num_classes=3)
    other = made(keras_networks.classifier(4), tmp_path)
    with pytest.raises(ValueError, match="a teacher of 4 and a student of 3"):
        Distill(student, other)
    grey = Network(**SMALL, image_size=16, num_classes=4, channels=1)
    with pytest.raises(ValueError, match="a student of 1 channels"):
        Distill(grey, other)
    with pytest.raises(ValueError, match="needs at least one teacher"):
        Distill(student, [])


@pytest.mark.parametrize(
    "temperature",
    [
        pytest.param(0.5, marks=pytest.mark.slow),
        pytest.param(1.0, marks=pytest.mark.slow),
        3.0,
    ],
)
def test_several_teachers_teach_the_mean_of_their_softened_answers(
    temperature, tmp_path
):
    student = Network(**SMALL, image_size=16, num_classes=3)
    keras.utils.set_random_seed(1)
    ours = Network(**SMALL, image_size=16, num_classes=3)
    ours.supervised_head.set(
        np.random.default_rng(1).normal(size=(32, 3)), np.array([0.0, 1.0, 2.0])
    )
    soft = keras_networks.classifier(activation="softmax", bias=2.0)
    teachers = [ours, made(soft, tmp_path)]
    stage = Distill(student, teachers, temperature)
    taught = tf.nn.softmax(stage.teach(images()) / temperature)
    logits = [t(images())["logits_sup"] for t in teachers]
    each = [tf.nn.softmax(x / temperature) for x in logits]
    expected = (each[0] + each[1]) / 2
    np.testing.assert_allclose(taught, expected, rtol=1e-4, atol=1e-6)
    assert np.abs(each[0] - each[1]).max() > 0.1  # there is something to mix


class Noting(keras.layers.Layer):
    """Notes the size of what passes."""

    seen = None

    def call(self, x):
        if self.seen is not None:
            self.seen.append(int(x.shape[1]))
        return x


def test_each_teacher_gets_the_view_at_its_own_size(tmp_path):
    student = Network(**SMALL, image_size=16, num_classes=3)
    teachers = []
    for side in (24, 16, None):
        inputs = keras.Input((side, side, 3))
        pooled = keras.layers.GlobalAveragePooling2D()(Noting()(inputs))
        outputs = keras.layers.Dense(3)(pooled)
        model = keras.Model(inputs, outputs)
        teachers.append(KerasClassifier(model, tf.identity, 3))
        model.layers[1].seen = []
    stage = Distill(student, teachers)
    stage.teach(tf.constant(images(24)))
    seen = [teacher.model.layers[1].seen for teacher in teachers]
    assert seen == [[24], [16], [16]]
