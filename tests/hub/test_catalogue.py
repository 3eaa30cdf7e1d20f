"""The published models: all there, with the release's figures."""

import re
import runpy

import pytest

import simclrv2_tf
from simclrv2_tf.hub import catalogue
from simclrv2_tf.hub import published

# The paper's table 1: fine-tuned on 1 %, 10 %, 100 %, linear, supervised; and
# the parameters that the release's README gives, in millions.
TABLE_1 = """
r50_1x_sk0   24 57.9 68.4 76.3 71.7 76.6
r50_1x_sk1   35 64.5 72.1 78.7 74.6 78.5
r50_2x_sk0   94 66.3 73.9 79.1 75.6 77.8
r50_2x_sk1  140 70.6 77.0 81.3 77.7 79.3
r101_1x_sk0  43 62.1 71.4 78.2 73.6 78.0
r101_1x_sk1  65 68.3 75.1 80.6 76.3 79.6
r101_2x_sk0 170 69.1 75.8 80.7 77.0 78.9
r101_2x_sk1 257 73.2 78.8 82.4 79.0 80.1
r152_1x_sk0  58 64.0 73.0 79.3 74.5 78.3
r152_1x_sk1  89 70.0 76.5 81.3 77.2 79.9
r152_2x_sk0 233 70.2 76.6 81.1 77.4 79.1
r152_2x_sk1 354 74.2 79.4 82.9 79.4 80.4
r152_3x_sk1 795 74.9 80.1 83.1 79.8 80.5
"""
COLUMNS = (
    ("finetuned_1pct", 751, 1),
    ("finetuned_10pct", 3754, 1),
    ("finetuned_100pct", 37535, 0),
    ("pretrained", 250228, 0),
    ("supervised", 28151, 0),
)
STUDENTS = ("r50_1x_sk0", "r50_2x_sk1", "r152_3x_sk1")
DISTILLED = {"1pct": (73.9, 75.9, 76.6), "10pct": (77.5, 80.2, 80.9)}
FIRST = {
    "pretrain": {"1x": 69.1, "2x": 74.2, "4x": 76.6},
    "finetune_10pct": {"1x": 65.8, "2x": 71.6, "4x": 74.5},
    "finetune_100pct": {"1x": 75.6, "2x": 79.2, "4x": 80.8},
}


@pytest.fixture
def models():
    return {model.name: model for model in published()}


def test_all_are_listed(models):
    assert len(models) == len(published()) == 5 * 13 + 2 * 3 + 3 * 3
    assert simclrv2_tf.published() == published()


@pytest.mark.parametrize("line", TABLE_1.strip().split("\n"))
def test_second_version(models, line):
    architecture, millions, *accuracies = line.split()
    for (category, step, selector), top1 in zip(
        COLUMNS, accuracies, strict=True
    ):
        model = models[f"simclrv2/{category}/{architecture}"]
        assert (model.top1, model.step) == (float(top1), step)
        assert model.selector == selector
        assert abs(model.parameters / 1e6 - int(millions)) < 1
        bucket = f"{category}/{architecture}"
        assert model.tf1 == f"gs://simclr-checkpoints/simclrv2/{bucket}"
        assert model.tf2 == f"gs://simclr-checkpoints-tf2/simclrv2/{bucket}"


def test_distilled(models):
    for category, accuracies in DISTILLED.items():
        for student, top1 in zip(STUDENTS, accuracies, strict=True):
            name = f"simclrv2/distill_{category}/r152_3x_sk1/{student}"
            assert models[name].top1 == top1
            assert models[name].architecture == student


def test_first_version(models):
    for category, networks in FIRST.items():
        for width, top1 in networks.items():
            model = models[f"simclrv1/{category}/{width}"]
            assert (model.top1, model.selector) == (top1, 0)
            assert model.architecture == f"r50_{width}_sk0"
    assert models["simclrv1/pretrain/4x"].step == 225206


def test_parameters_are_those_of_the_release(models):
    """In millions, moving statistics among them."""
    expected = {
        "r50_1x_sk0": 23.561,
        "r50_1x_sk1": 35.277,
        "r101_2x_sk1": 257.378,
        "r152_3x_sk1": 795.235,
    }
    for architecture, millions in expected.items():
        model = models[f"simclrv2/pretrained/{architecture}"]
        assert round(model.parameters / 1e6, 3) == millions


def test_table_has_a_line_each(models):
    lines = catalogue.table().split("\n")
    assert len(lines) == len(models) + 1
    best = next(li for li in lines if "finetuned_10pct/r152_3x_sk1" in li)
    assert re.search(r"795\.2 M +80\.1 +1 +gs://simclr-checkpoints/", best)


def test_the_command_lists_them(models, capsys):
    runpy.run_module("simclrv2_tf.hub", run_name="__main__")
    out = capsys.readouterr().out
    assert all(name in out for name in models)


def test_a_name_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"published\(\) lists all 80"):
        catalogue.find("simclrv2/pretrained/r18_1x_sk0")
    assert catalogue.find("runs/mine") is None
