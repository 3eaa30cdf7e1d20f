"""What a job is expected to take, and what is said where it is too much."""

import dataclasses
import json
import pathlib

import pytest
import small_classifier

from simclrv2_tf import scaling
from simclrv2_tf.config import Config
from simclrv2_tf.runs.hardware import memory_check
from tools.benchmarks import memory

MEASURED = pathlib.Path(__file__).parents[3] / "benchmarks" / "memory.json"
SMALL = Config(resnet_depth=18, image_size=32, train_batch_size=256)
LARGE = Config(resnet_depth=50, image_size=224, train_batch_size=128)


@pytest.fixture
def free(monkeypatch):
    """Sets how many GB are free."""

    def set_free(gigabytes, taken=0.0):
        monkeypatch.setattr(
            memory_check, "free_memory", lambda: gigabytes * 1e9
        )
        monkeypatch.setattr(memory_check, "before_runs", lambda: taken * 1e9)

    return set_free


def test_the_peak_is_within_a_fifth_of_runs_of_several_steps():
    rows = json.loads(MEASURED.read_text())["rows"]
    checked = [row for row in rows if row["case"] in memory.LATER]
    assert checked
    for row in checked:
        options, _ = memory.CASES[row["case"]]
        expected = memory_check.expect(Config(**options)).peak
        # The rows leave out the weights and what is compiled.
        needed = row["peak_mib"] * 2**20
        weights = scaling.memory(memory_check._job(Config(**options), 1))[
            "weights, gradients, optimizer"
        ]
        rest = expected - memory_check.COMPILED
        rest -= memory_check.GROWTH * weights
        assert rest == pytest.approx(needed, rel=0.2), row["case"]


def test_a_job_that_fits_goes_on(free):
    free(22)
    expected = memory_check.check(SMALL)
    assert expected.fits
    assert str(expected) == "about 4.5 GB of 22.0 GB free on this machine"
    assert expected.whole == expected.peak


def test_what_the_process_has_is_told_beside_it(free):
    free(22, taken=1.5)
    expected = memory_check.expect(SMALL)
    assert str(expected) == (
        "about 4.5 GB of 22.0 GB free on this machine, 6.0 GB with TensorFlow "
        "and data"
    )
    assert expected.whole == expected.peak + 1.5e9
    free(22)
    assert memory_check.expect(SMALL).peak == expected.peak


def test_a_job_that_does_not_fit_is_told_what_would(free):
    free(22)
    with pytest.raises(ValueError, match="expected to take about 32") as error:
        memory_check.check(LARGE)
    text = str(error.value)
    for flag in (
        "--mixed_precision=bfloat16",
        "--remat",
        "--gradient_cache_microbatch=64",
        "--train_batch_size=64",
        "--nocheck_memory",
    ):
        assert flag in text, flag
    free(5)
    with pytest.raises(ValueError, match="--gradient_cache_microbatch=8"):
        memory_check.check(LARGE)
    free(2)
    ways = memory_check.helpful(LARGE)
    assert ways == [
        "--remat --mixed_precision=bfloat16 --gradient_cache_microbatch=8"
    ]


def test_batches_that_replicas_cannot_share_are_not_advised(free):
    free(10)
    config = dataclasses.replace(LARGE, train_batch_size=100)
    with pytest.raises(ValueError, match="expected to take about") as error:
        memory_check.check(config, replicas=4)
    assert "--train_batch_size=12" in str(error.value)


def test_what_is_advised_fits(free):
    free(22)
    for advised in (
        {"mixed_precision": "bfloat16"},
        {"remat": True},
        {"gradient_cache_microbatch": 64},
        {"train_batch_size": 64},
    ):
        assert memory_check.check(dataclasses.replace(LARGE, **advised)).fits


def test_no_advice_where_nothing_helps(free):
    free(0.01)
    with pytest.raises(ValueError, match="a smaller network or smaller images"):
        memory_check.check(LARGE)


def test_the_check_can_be_left_out(free):
    free(2)
    unchecked = dataclasses.replace(LARGE, check_memory=False)
    assert not memory_check.check(unchecked).fits


def test_one_view_takes_half_and_frozen_blocks_hardly_anything():
    def activations(**options):
        job = memory_check._job(dataclasses.replace(SMALL, **options), 1)
        return scaling.memory(job)["activations"]

    pretraining = activations()
    assert activations(train_mode="finetune") == pretraining / 2
    linear = activations(train_mode="finetune", fine_tune_after_block=4)
    assert linear < pretraining / 10
    assert activations(train_mode="finetune", fine_tune_after_block=2) > linear


def test_every_kind_of_projection_head_is_counted():
    peaks = [
        memory_check.expect(dataclasses.replace(SMALL, proj_head_mode=m)).peak
        for m in ("none", "linear", "nonlinear")
    ]
    assert peaks == sorted(peaks) and peaks[0] < peaks[2]


def test_replicas_on_one_host_share_its_memory(free):
    free(22)
    one, four = (memory_check.expect(SMALL, n).peak for n in (1, 4))
    assert one < four < 1.5 * one  # weights four times over


def test_a_teacher_is_counted(tmp_path):
    network = small_classifier.resnet()
    teacher = small_classifier.save_resnet(network, tmp_path / "run")
    alone = dataclasses.replace(SMALL, train_mode="finetune")
    taught = dataclasses.replace(
        SMALL, train_mode="distill", teacher=str(teacher)
    )
    difference = (
        memory_check.expect(taught).peak - memory_check.expect(alone).peak
    )
    assert difference > 256 * 8 * 8 * 4  # at least the first convolution's


def test_without_knowledge_of_the_memory_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(memory_check, "free_memory", lambda: float("inf"))
    assert memory_check.check(LARGE).fits
