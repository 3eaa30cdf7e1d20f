"""The plan as a person reads it."""

from simclrv2_tf.recipes import recipe_text
from simclrv2_tf.recipes.recommend import recommend
from tests.recipes.test_rules import SIGNS


def test_the_plan_tells_what_counts_alone():
    recipe = recommend(SIGNS)
    assert "  --image_size=32 " in "\n".join(_plan_of(recipe))
    own = {"backbone": "keras:MobileNetV3Small", "image_size": 40}
    recipe.give({"pretrain": own})
    plan = _plan_of(recipe)
    told = "\n".join(plan)
    assert "resnet_depth" not in told
    assert "width_multiplier" not in told
    assert [line for line in plan if "image_size" in line] == [
        f"  {'--image_size=40':<34} as given"
    ]
    flags = recipe_text.flagfile(recipe, "pretrain")
    assert "--image_size=40" in flags
    assert "--image_size=32" not in flags
    assert recipe.options("pretrain")["resnet_depth"] == 18  # of its time


def _plan_of(recipe):
    recipe.seconds = {"pretrain": 60.0}
    return list(recipe_text.lines(recipe))


def test_the_plan_tells_of_short_runs_before_what_they_choose_for():
    recipe = recommend(SIGNS)
    recipe.choose("pilot", "train_steps", 150, "3 runs in 2 min", "measured")
    recipe.seconds = {"pilots": 120.0, "trials": 60.0}
    recipe.seconds |= {"pretrain": 300.0, "finetune": 5.0}
    titles = [
        line.strip()
        for line in recipe_text.lines(recipe)
        if line.startswith("\n") or "3 runs" in line
    ]
    starts = ["pilot runs, to ch", "--train_steps=150", "pretraining, on a"]
    starts += ["trials of how the", "fine-tuning, on t"]
    assert [t[:17] for t in titles] == starts
