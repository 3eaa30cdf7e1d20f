"""An export is held beside the trained and averaged weights of its run."""

import json
import shutil

import averaged_run
import published_run
import pytest
import small_classifier

import simclrv2_tf
from simclrv2_tf.publishing.exported_weights import kinds_in


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run with an average, and an export of each as trained and averaged."""
    run = tmp_path_factory.mktemp("exported") / "run"
    averaged_run.save(small_classifier.classifier(), run)
    for ema, name in ((False, "trained"), (True, "averaged")):
        place = str(run.parent / name)
        simclrv2_tf.export_model(run, export_ema=ema, export_dir=place)
    return run


def kinds(run, name):
    return kinds_in(str(run.parent / name / "7"), str(run / "ckpt-7"))


def test_which_weights_an_export_holds(run):
    assert kinds(run, "trained") == {False}
    assert kinds(run, "averaged") == {True}


def test_other_weights_are_neither(run, tmp_path):
    other = small_classifier.classifier()
    other.trainable_variables[0].assign_add(
        1 + 0 * other.trainable_variables[0]
    )
    again = averaged_run.save(other, tmp_path / "again")
    version = str(run.parent / "trained" / "7")
    assert kinds_in(version, str(again / "ckpt-7")) == set()


def test_where_nothing_can_be_told(run, tmp_path):
    version = str(run.parent / "trained" / "7")
    assert kinds_in(version, str(run / "ckpt-8")) is None
    assert kinds_in(str(tmp_path), str(run / "ckpt-7")) is None
    plain = small_classifier.save_run(
        small_classifier.classifier(), tmp_path / "plain"
    )
    assert kinds_in(version, str(plain / "ckpt-7")) is None
    (plain / "ckpt-7.index").write_bytes(b"")
    assert kinds_in(version, str(plain / "ckpt-7")) is None


@pytest.mark.parametrize("exported", ["trained", "averaged"])
@pytest.mark.parametrize("judged", ["trained", "averaged"])
def test_an_export_is_published_with_the_accuracy_of_its_weights(
    run, tmp_path, exported, judged
):
    """It is taken as it is, and no flag says which weights are in it."""
    own = shutil.copytree(run, tmp_path / "run")
    held = {**published_run.RESULT, "ema": judged == "averaged"}
    (own / "result_7.json").write_text(json.dumps(held))
    version = own / "saved_model" / "7"
    shutil.copytree(run.parent / exported / "7", version)
    simclrv2_tf.publish(version, tmp_path / "mine")
    card = (tmp_path / "mine" / "README.md").read_text()
    assert ("80.0%" in card) == (exported == judged)
    assert ("have not been evaluated" in card) == (exported != judged)
