"""A run with all that a model card tells of."""

import json

import small_classifier

NAMES = ["<b>ant</b>", "bee", "c|at*"]
FLAGS = {
    **small_classifier.RESNET_FLAGS,
    "class_names": NAMES,
    "num_classes": 3,
    "train_mode": "finetune",
    "dataset": "folder:/home/me/photos",
    "checkpoint": "/home/me/runs/pretrained",
    "resnet_depth": 18,
    "width_multiplier": 0.0625,
    "optimizer": "adam",
    "learning_rate": 0.1,
    "train_batch_size": 32,
    "planned_steps": 7,
    "seed": 3,
}
RESULT = {
    "eval/label_top_1_accuracy": 0.8,
    "eval/examples": 50,
    "eval/regularization_loss": 0.3,
    "data": "folder /home/me/photos/val",
}


def write_run(folder):
    folder.mkdir(parents=True)
    small_classifier.save_resnet(small_classifier.resnet(), folder)
    (folder / "flags.json").write_text(json.dumps(FLAGS))
    (folder / "result_7.json").write_text(json.dumps(RESULT))
    (folder / "calibration-7.json").write_text('{"temperature": 1.5}')
    return folder
