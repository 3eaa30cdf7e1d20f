"""What a stage is expected to take before its weights are there."""

import small_classifier

from simclrv2_tf.config import Config
from simclrv2_tf.recipes.budget import stage_memory
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.runs.hardware import memory_check

TEACHER = {"resnet_depth": 50, "width_multiplier": 2.0, "image_size": 64}
STUDENT = {"resnet_depth": 18, "width_multiplier": 0.5, "image_size": 64}


def recipe_of(teacher, **options):
    made = Recipe()
    for stage in ("pretrain", "finetune", "distill", "scratch"):
        network = teacher if stage in ("pretrain", "finetune") else STUDENT
        chosen = {**network, "train_batch_size": 32, **options.get(stage, {})}
        for option, value in chosen.items():
            made.choose(stage, option, value, "why", "source")
    return made


def peak(recipe, stage, **arguments):
    return stage_memory.expect(recipe, stage, **arguments).peak


def test_distillation_has_the_recipes_teacher(tmp_path):
    network = small_classifier.resnet()
    names = (*TEACHER, "proj_head_mode", "num_proj_layers", "proj_out_dim")
    teacher = {name: network.get_config()[name] for name in names}
    few = {"distill": {"eval_batch_size": 16}}
    recipe = recipe_of(teacher, **few)
    path = small_classifier.save_resnet(network, tmp_path / "run")
    run = Config(
        train_mode="distill", teacher=str(path), train_batch_size=32, **STUDENT
    )
    assert peak(recipe, "distill") == memory_check.expect(run).peak
    other = recipe_of(TEACHER, **few)
    assert peak(other, "distill") > peak(recipe, "distill")


def test_fine_tuning_has_the_network_of_its_weights():
    head = {"pretrain": {"proj_out_dim": 4096}}
    wide, usual = recipe_of(TEACHER, **head), recipe_of(TEACHER)
    assert peak(wide, "finetune") > peak(usual, "finetune")
    kernels = {"sk_ratio": 0.0625}
    assert peak(usual, "finetune", initial=kernels) > peak(usual, "finetune")
    assert peak(usual, "scratch", initial=kernels) == peak(usual, "scratch")


def test_what_memory_does_not_depend_on_is_no_matter():
    judging = {"calibrate": True, "patience": 3, "linear_probe_init": True}
    stages = dict.fromkeys(("finetune", "distill", "scratch"), judging)
    other, usual = recipe_of(TEACHER, **stages), recipe_of(TEACHER)
    for stage in stages:
        assert peak(other, stage) == peak(usual, stage)


def test_changes_are_tried():
    recipe = recipe_of(TEACHER)
    remat = {"remat": True}
    assert peak(recipe, "finetune", changes=remat) < peak(recipe, "finetune")
    assert "remat" not in recipe.options("finetune")


def test_images_that_are_answered_at_once_count():
    """Features, tables and the head's start are of so many."""
    frozen = {"fine_tune_after_block": 4, "train_batch_size": 16}
    recipe = recipe_of(TEACHER, finetune=frozen)
    for stage in ("pretrain", "finetune", "scratch"):
        few, many = (
            peak(recipe, stage, changes={"eval_batch_size": batch})
            for batch in (16, 8192)
        )
        assert few < many
    usual = {"eval_batch_size": Config.eval_batch_size}
    assert peak(recipe, "finetune", changes=usual) == peak(recipe, "finetune")


def test_devices_share_an_evaluation_and_not_the_features():
    many = {**TEACHER, "eval_batch_size": 8192}
    shared, features = (
        [
            stage_memory._answering(Config(**many), replicas, of_features)
            for replicas in (1, 8)
        ]
        for of_features in (False, True)
    )
    assert features[0] == features[1] == shared[0] > 4 * shared[1]
    bfloat16 = Config(**many, mixed_precision="bfloat16")
    assert stage_memory._answering(bfloat16, 1, True) == features[0]
    assert stage_memory._answering(bfloat16, 1, False) < 0.6 * features[0]
