"""Which of a run's weights are taken."""

import json

import averaged_run
import numpy as np
import pytest
import small_classifier

from simclrv2_tf.config import Config
from simclrv2_tf.runs import weights

KERNEL = f"{averaged_run.HEAD}kernel"


@pytest.fixture(scope="module")
def network():
    return small_classifier.classifier()


@pytest.fixture
def run(network, tmp_path):
    return averaged_run.save(network, tmp_path / "run")


def config(**options):
    return Config(mode="predict", **options)


@pytest.mark.parametrize("ema", [False, True])
@pytest.mark.parametrize("name", ["model_dir", "checkpoint"])
def test_what_is_told_to_be_taken_is_loaded(network, run, name, ema):
    """A run's own weights are as `eval_ema` says, others by both flags."""
    prefix = str(run / "ckpt-7")
    given = {"model_dir": str(run), "checkpoint": prefix}
    flag = "eval_ema" if name == "model_dir" else "checkpoint_ema"
    asked = config(**{name: given[name], flag: ema})
    newest = weights.newest(asked)
    assert weights.takes_average(asked, newest) == ema
    kernel = weights.load(asked, newest).named_variables()[KERNEL]
    expected = network.named_variables()[KERNEL].numpy()
    expected = expected * (averaged_run.SCALE if ema else 1)
    np.testing.assert_array_equal(kernel.numpy(), expected)


def test_what_a_caller_says_is_before_eval_ema(run):
    asked = config(model_dir=str(run), eval_ema=True, checkpoint_ema=True)
    assert not weights.takes_average(asked, weights.newest(asked), False)
    asked = config(checkpoint=str(run), checkpoint_ema=True)
    assert weights.takes_average(asked, weights.newest(asked), False)


def test_the_best_is_that_by_the_metric_that_was_compared(run):
    values = {"metric": "label_top_1_accuracy", "value": 0.5, "step": 7}
    (run / "best_checkpoint.json").write_text(json.dumps(values))
    prefix = str(run / "ckpt-7")
    assert weights.best(config(model_dir=str(run))) == prefix
    asked = config(model_dir=str(run), export_best="label_top_1_accuracy")
    assert weights.best(asked) == prefix
    asked = config(model_dir=str(run), export_best="balanced_accuracy")
    message = (
        "compared by, 'label_top_1_accuracy' in .*Received: export_best="
        "'balanced_accuracy': give --export_best=label_top_1_accuracy, or"
    )
    with pytest.raises(ValueError, match=message):
        weights.best(asked)
    (run / "best_checkpoint.json").write_text("[]")
    with pytest.raises(ValueError, match="must name a run's best checkpoint"):
        weights.best(asked)
