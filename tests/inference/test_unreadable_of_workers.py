"""On several workers all unreadable images count, not one worker's share."""

import numpy as np
import pytest

from simclrv2_tf import distribution
from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.inference import evaluate
from simclrv2_tf.inference import sweep
from simclrv2_tf.inference import unreadable_of_workers
from simclrv2_tf.inference.evaluation import validation
from simclrv2_tf.inference.evaluation.validation import Validation
from simclrv2_tf.inference.result_shards import Shards

TOTAL = 1000
OWN = range(0, 18, 2)  # nine of the ten that may be
OTHERS = [1, 3, 5, 7, 9, 11, 13, 15, 17]  # and nine of another worker


def pictures():
    labels = np.arange(TOTAL, dtype=np.int32) % 2
    images = InMemory(np.zeros((TOTAL, 2, 2, 3), np.uint8))
    return Source("pictures", labels, images, ("a", "b"))


@pytest.fixture
def others(monkeypatch):
    """Sets what another worker could not read."""

    def find(numbers):
        monkeypatch.setattr(
            distribution,
            "join_workers",
            lambda rows: np.concatenate([rows, np.array(numbers, np.int64)]),
        )

    return find


def met():
    unreadable = UnreadableImages(pictures())
    unreadable.report(OWN)
    return unreadable


def test_all_of_them_count(others):
    others([4, 21])  # one image is met by both
    unreadable = met()
    unreadable_of_workers.count_all(unreadable)
    assert unreadable.numbers == {*OWN, 21}
    assert "10 of 1000 images could not" in unreadable.summary()


def test_more_than_may_be_are_refused_on_each(others):
    others(OTHERS)
    unreadable = met()
    words = "Unreadable so far: 11 of 1000 images, where .*=0.01 allows 10"
    with pytest.raises(ValueError, match=words):
        unreadable_of_workers.count_all(unreadable)


def test_the_first_worker_alone_prints_them(monkeypatch, capsys):
    for first in (False, True):
        monkeypatch.setattr(distribution, "is_chief", lambda: first)  # noqa: B023
        unreadable_of_workers.say(met())
        assert bool(capsys.readouterr().out) is first


def met_in_a_pass(unreadable):
    unreadable.report(OWN)
    return {"eval/examples": TOTAL}, {}


class _Network:
    """What an evaluation asks of a network, which here sees no image."""

    def get_config(self):
        return {"channels": 3, "num_classes": 2, "image_size": 2}


def evaluated(monkeypatch):
    """An evaluation whose pass meets unreadable images."""
    for name, answer in (("load", _Network()), ("takes_average", False)):
        monkeypatch.setattr(
            evaluate.weights,
            name,
            lambda *_, answer=answer: answer,
        )
    monkeypatch.setattr(evaluate, "_decay", lambda *_: 0.0)
    monkeypatch.setattr(
        evaluate, "_of_classifier", lambda *given: met_in_a_pass(given[-1])
    )
    config = Config(mode="eval")
    return evaluate.evaluate_checkpoint(config, "ckpt-4", pictures())


def validated(monkeypatch):
    """The same while training."""
    monkeypatch.setattr(
        validation, "evaluate_classifier", lambda *g: met_in_a_pass(g[3])
    )
    classes = {"class_names": None, "class_names_as_written": True}
    return Validation(Config(), pictures())(_Network(), classes)


@pytest.mark.parametrize("run", [evaluated, validated])
def test_an_evaluation_refuses_too_many_of_all_workers(
    others, monkeypatch, run
):
    others([])
    result = run(monkeypatch)
    assert result.get("eval/unreadable_images", 9) == 9
    others(OTHERS)
    with pytest.raises(ValueError, match="far: 11 of 1000 images"):
        run(monkeypatch)


def test_shards_are_counted_by_workers_that_make_none(
    others, tmp_path, monkeypatch
):
    """Else the others would wait for them."""
    monkeypatch.setattr(distribution, "worker_share", lambda: (2, 1))
    others(range(11))
    shards = Shards(str(tmp_path), "rows", TOTAL, {"examples": TOTAL})
    arguments = (lambda images: (images,), pictures(), 2, None)
    with pytest.raises(ValueError, match="far: 11 of 1000 images"):
        sweep.run_shards(Config(), shards, *arguments)


def test_what_finished_shards_of_all_workers_lack_counts_again(
    others, tmp_path, monkeypatch
):
    """The same command once more is refused as it was."""
    shards = Shards(str(tmp_path), "rows", TOTAL, {"examples": TOTAL})
    for number in shards.missing():
        there = np.arange(*shards.bounds(number))
        with open(shards.path(number), "wb") as file:
            np.savez(file, numbers=there[there > 10])
    monkeypatch.setattr(distribution, "worker_share", lambda: (2, 0))
    others([])
    arguments = (lambda images: (images,), pictures(), 2, None)
    with pytest.raises(ValueError, match="Too many images are missing"):
        sweep.run_shards(Config(), shards, *arguments)
