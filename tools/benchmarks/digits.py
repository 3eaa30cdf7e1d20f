"""The whole job on the embedded digits, five draws of one label a class.

The settings were chosen by hand. One pretraining; for each draw the network
from scratch, fine-tuned, distilled into the smaller one, and that smaller one
from scratch.
"""

import argparse
import pathlib
import statistics
import tempfile
import time

import simclrv2_tf

DRAWS = 5
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


def run(arguments):
    options = parse_arguments(arguments)
    root = pathlib.Path(tempfile.mkdtemp(prefix="simclrv2_digits_"))
    shared = {**SHARED, "seed": options.seed}
    pretrain(root, shared)
    draws = []
    for draw in range(DRAWS):
        shared["label_seed"] = draw
        draws.append(with_labels(root, root / str(draw), shared))
    return {"seed": options.seed, "draws": DRAWS, "networks": summary(draws)}


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


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def summary(draws):
    """Per network the accuracy of each draw, and their mean."""
    table = {}
    for rows in zip(*draws, strict=True):
        accuracies = [row["top-1"] for row in rows]
        table[rows[0]["name"]] = {
            "top-1 of each draw": [round(value, 4) for value in accuracies],
            "mean top-1": round(statistics.mean(accuracies), 4),
            "parameters": rows[0]["parameters"],
        }
    return table


def show(report, folder):
    """Bars of the mean accuracies, a point for each draw."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(5.5, 3.2), layout="constrained")
    for name, row in report["networks"].items():
        label = name.replace(", ", ",\n")
        axes.bar(label, 100 * row["mean top-1"], color="#7a9cc6")
        for value in row["top-1 of each draw"]:
            axes.plot(label, 100 * value, "k.", markersize=5)
    axes.set_ylabel("top-1 on 360 test digits, %")
    axes.set_title("One label a class, five draws")
    axes.set_ylim(0, 100)
    figure.savefig(folder / "digits.png", dpi=120)
