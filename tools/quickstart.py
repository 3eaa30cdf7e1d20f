"""The main job on the embedded digits, from images to an exported model."""

import argparse
import logging
import pathlib
import tempfile
import time

import simclrv2_tf

NETWORK = {
    "resnet_depth": 18,
    "width_multiplier": 0.25,
    "image_size": 16,
    "num_proj_layers": 3,
}
# Half the width; the paper's students have no projection head.
STUDENT = {
    "resnet_depth": 18,
    "width_multiplier": 0.125,
    "image_size": 16,
    "proj_head_mode": "none",
}
SHARED = {
    "mode": "train_then_eval",
    "eval_split": "test",
    "optimizer": "momentum",
    "use_blur": False,
    "train_summary_steps": 20,
    "checkpoint_epochs": 1000,
}
PRETRAIN = {
    "optimizer": "lars",
    "learning_rate": 2.0,
    "train_batch_size": 256,
    "train_epochs": 80,
    "warmup_epochs": 2,
    "temperature": 0.2,
    "color_jitter_strength": 0.5,
    "lineareval_while_pretraining": False,
}
# Ten images in all: a batch holds them all.
FINETUNE = {
    "labels_per_class": 1,
    "zero_init_logits_layer": True,
    "learning_rate": 0.03,
    "train_batch_size": 10,
    "train_steps": 60,
    "warmup_epochs": 0,
    "weight_decay": 0.0,
}
FROM_SCRATCH = {**FINETUNE, "learning_rate": 0.5}  # what serves it best
DISTILL = {
    "labels_per_class": 1,
    "learning_rate": 0.2,
    "train_batch_size": 128,
    "train_epochs": 100,
    "warmup_epochs": 2,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model_dir", help="where the runs go; default: new")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--label_seed", type=int, default=0)
    options = parser.parse_args()
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    root = options.model_dir or tempfile.mkdtemp(prefix="simclrv2_")
    seeds = {"seed": options.seed, "label_seed": options.label_seed}
    rows, path = run(pathlib.Path(root), **seeds)
    show(rows)
    print(f"\nThe exported model: {path}")


def run(root, **seeds):
    """The three stages and the baselines; their rows and the model's path."""
    shared = {**SHARED, **seeds}
    seconds = pretrain(root, shared)["seconds"]
    rows = with_labels(root, root, shared)
    rows[1]["seconds"] += seconds
    return rows, rows[-1]["export"]


def pretrain(root, shared):
    """Pretraining, into `root`/pretrained."""
    return timed(
        "pretraining",
        simclrv2_tf.pretrain,
        root / "pretrained",
        **{**shared, **NETWORK, **PRETRAIN, "mode": "train"},
    )


def with_labels(root, out, shared):
    """Big and small network, from scratch and by the method, into `out`."""
    tuned = str(out / "finetuned")
    pretrained = {"checkpoint": str(root / "pretrained"), "ft_proj_selector": 1}
    big, small = {**shared, **NETWORK}, {**shared, **STUDENT}
    jobs = {
        "from scratch": (simclrv2_tf.finetune, {**big, **FROM_SCRATCH}),
        "fine-tuned": (
            simclrv2_tf.finetune,
            {**big, **FINETUNE, **pretrained},
        ),
        "small, from scratch": (
            simclrv2_tf.finetune,
            {**small, **FROM_SCRATCH},
        ),
        "small, distilled": (
            simclrv2_tf.distill,
            {**small, **DISTILL, "teacher": tuned},
        ),
    }
    folders = ["from_scratch", "finetuned", "small_from_scratch", "distilled"]
    return [
        timed(name, stage, out / folder, **options)
        for (name, (stage, options)), folder in zip(
            jobs.items(), folders, strict=True
        )
    ]


def timed(name, stage, directory, **options):
    """Runs a stage on the digits and notes how it went."""
    print(f"\n== {name} ==", flush=True)
    start = time.monotonic()
    result = stage("digits", directory, **options)
    return {
        "name": name,
        "top-1": result.get("eval/label_top_1_accuracy"),
        "parameters": result["parameters"],
        "seconds": time.monotonic() - start,
        "export": result["export"],
    }


def show(rows):
    print(f"\n{'':<20}   top-1   parameters   seconds")
    for row in rows:
        print(
            f"{row['name']:<20} {100 * row['top-1']:6.1f} %"
            f" {row['parameters']:>12,} {row['seconds']:>9.0f}"
        )


if __name__ == "__main__":
    main()
