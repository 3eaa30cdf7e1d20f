"""A Keras model that a job or a run has begun with stays its own."""

import keras
import keras_networks
import pytest

import simclrv2_tf
from simclrv2_tf import python_calls
from simclrv2_tf import session
from simclrv2_tf.recipes import record

JOB = {
    "asked": {},
    "data": {"name": "these", "examples": 9},
    "recipe": {"seconds": {}, "reasons": []},
}


def model(filters=2):
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(filters, 3),
            keras.layers.GlobalAveragePooling2D(),
        ]
    )


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Calls for a job in `tmp_path` that are refused by what comes after."""

    def refuse(*_, **__):
        raise ValueError("on other images")

    monkeypatch.setattr(session, "run", refuse)

    def call(student, message):
        options = {"student": student, "student_pixels": "0..1"}
        with pytest.raises(ValueError, match=message):
            python_calls.call("semi_supervised", "digits", tmp_path, options)
        return (tmp_path / "student.keras").read_bytes()

    return call


def test_a_call_that_is_refused_leaves_the_jobs_network(call, tmp_path):
    call(model(3), "on other images")
    before = call(model(), "on other images")  # nothing has begun
    record.write_json(str(tmp_path), record.JOB, JOB)
    message = "`student` must be the keras.Model that the job began with.*as it"
    assert call(model(3), message) == before


def test_a_seed_that_a_layer_draws_is_no_other_network(call, tmp_path):
    def cropping(seed):
        crop = keras.layers.RandomCrop(6, 6, seed=seed)
        return keras.Sequential([keras.Input((8, 8, 3)), crop, *model().layers])

    before = call(cropping(1), "on other images")
    record.write_json(str(tmp_path), record.JOB, JOB)
    assert call(cropping(2), "on other images") == before


def test_the_same_network_made_again_is_the_jobs(call, tmp_path):
    before = call(model(), "on other images")
    record.write_json(str(tmp_path), record.JOB, JOB)
    assert call(model(), "on other images") == before


@pytest.fixture
def distill(tmp_path, monkeypatch):
    """Calls for a run in `tmp_path`; gives the options it is to have."""
    asked = []
    monkeypatch.setattr(
        session, "run", lambda config, *_, **__: asked.append(config) or {}
    )

    def distill(teacher, **options):
        simclrv2_tf.distill("digits", tmp_path, teacher, **options)
        return asked[-1]

    return distill


def begun(directory):
    (directory / "flags.json").write_text("{}")
    return {p.name: p.read_bytes() for p in directory.glob("*.keras")}


def test_another_teacher_leaves_that_of_the_run(distill, tmp_path):
    first = keras_networks.classifier(10)
    distill(keras_networks.classifier(10, bias=1.0))
    config = distill(first)  # nothing has begun: it is the run's now
    files = begun(tmp_path)
    assert distill(first).teacher == config.teacher
    for other, differs in (
        (keras_networks.classifier(10, bias=1.0), "weights"),
        (keras_networks.classifier(10, "softmax"), "layers"),
    ):
        message = f"`teacher` must be .* the run began with.*of other {differs}"
        with pytest.raises(ValueError, match=message):
            distill(other)
        with pytest.raises(ValueError, match=message):
            simclrv2_tf.evaluate("digits", tmp_path, teacher=other)
    assert begun(tmp_path) == files
    kept = tmp_path / "teacher.keras"
    assert distill(kept).teacher == str(kept)


def test_each_of_several_teachers_is_compared(distill, tmp_path):
    teachers = [keras_networks.classifier(10, bias=b) for b in (0.0, 1.0)]
    config = distill(teachers)
    files = begun(tmp_path)
    assert distill(teachers).teacher == config.teacher
    with pytest.raises(ValueError, match="`teacher-2` must .*other weights"):
        distill(teachers[:1] * 2)
    assert begun(tmp_path) == files


def functional():
    inputs = keras.Input((8, 8, 3))
    outputs = keras.layers.Conv2D(2, 3)(inputs)
    return keras.Model(inputs, outputs)


@pytest.mark.parametrize("make", [model, functional])
def test_a_student_that_a_script_makes_again_is_the_runs(
    make, distill, tmp_path
):
    """Its weights are drawn anew, which the checkpoint stands for."""
    own = {"student_pixels": "0..1"}
    config = distill("runs/teacher", student=make(), **own)
    files = begun(tmp_path)
    other = make()
    other.compile("sgd", "mse")
    again = distill("runs/teacher", student=other, **own)
    assert again.student == config.student == str(tmp_path / "student.keras")
    assert begun(tmp_path) == files
    with pytest.raises(ValueError, match="`student` must .* of other layers"):
        distill("runs/teacher", student=model(3), **own)


def test_without_a_directory_nothing_changes(tmp_path):
    options = {"student": model(), "seed": 3}
    assert session.as_begun(options, None) == options
    assert session.as_begun(options, str(tmp_path)) == options
