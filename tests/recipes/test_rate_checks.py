"""Options that need a learning rate beside them."""

import pytest

from simclrv2_tf.recipes import rate_checks
from tests.recipes.test_stage_checks import job
from tests.recipes.test_stage_checks import recipe_of


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"optimizer": "adam"},
            "is for all stages.*--pretrain.learning_rate and "
            "--distill.learning_rate and --scratch.learning_rate too.*"
            "--pretrain.optimizer=adam.*2 is for lars",
        ),
        (
            {"stage_options": {"distill": {"optimizer": "lars"}}},
            "--distill.optimizer=lars needs.*0.2 is for momentum",
        ),
        (
            {"stage_options": {"finetune": {"optimizer": "adam"}}},
            "is a linear probe of its features.*--finetune.optimizer needs",
        ),
        (
            {"stage_options": {"finetune": {"train_epochs": 60}}},
            "--finetune.train_epochs needs --finetune.learning_rate",
        ),
        ({"linear_probe_init": False}, "--finetune.linear_probe_init needs"),
    ],
)
def test_what_needs_a_rate_asks_for_it(options, message):
    config = job(**options)
    made = recipe_of(job())
    with pytest.raises(ValueError, match=message):
        rate_checks.check_rates(config, made, [])
    rate_checks.check_rates(job(**options, learning_rate=0.1), made, [])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"train_epochs": 60},
        {"stage_options": {"pretrain": {"optimizer": "lars"}}},
    ],
)
def test_what_changes_no_optimizer_needs_no_rate(options):
    rate_checks.check_rates(job(**options), recipe_of(job()), [])


def test_a_stage_that_is_left_out_needs_no_rate():
    config, made = job(optimizer="momentum"), recipe_of(job())
    with pytest.raises(ValueError, match="no learning rate for pretrain"):
        rate_checks.check_rates(config, made, [])
    rate_checks.check_rates(config, made, ["pretrain"])
