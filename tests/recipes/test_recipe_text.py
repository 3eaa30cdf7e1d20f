"""The plan as a person reads it."""

from simclrv2_tf.recipes import recipe_text
from simclrv2_tf.recipes.job_recipe import STAGES
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


def test_the_plan_tells_what_follows_without_labels():
    """Also where nothing is trained, as with weights that are given."""
    recipe = recommend(SIGNS)
    recipe.seconds = {"embed": 1020.0}
    assert list(recipe_text.lines(recipe)) == [
        "planned to take 17 min 00 s",
        "\nembedding of all images (17 min 00 s)",
    ]
    recipe.seconds = {"embed": 60.0, "page": 120.0, "pretrain": 300.0}
    titles = [t for t in recipe_text.lines(recipe) if t.startswith("\n")]
    assert [t.split(" (")[0].strip() for t in titles] == [
        "pretraining, on all images",
        "embedding of all images",
        "the page about the images, which is made last",
    ]


def test_flagfiles_of_an_earlier_plan_do_not_stay(tmp_path):
    recipe = recommend(SIGNS)
    recipe.seconds = dict.fromkeys(STAGES, 60.0)
    folder = tmp_path / "recipe"
    recipe_text.write_flagfiles(recipe, str(tmp_path))
    assert len(list(folder.iterdir())) == len(STAGES)
    (folder / "scratch.cfg").write_text("# my own\n--train_steps=3\n")
    (folder / "notes.txt").write_text("mine")
    recipe.seconds = {"pretrain": 60.0}
    paths = recipe_text.write_flagfiles(recipe, str(tmp_path))
    assert paths == [str(folder / "pretrain.cfg")]
    kept = sorted(path.name for path in folder.iterdir())
    assert kept == ["notes.txt", "pretrain.cfg", "scratch.cfg"]
