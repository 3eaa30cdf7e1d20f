"""What the command says to bad inputs, and its status.

With DIR in the place of the folder that holds them.
"""

import contextlib
import io
import logging
import re
import shutil
from typing import Any

from tools.benchmarks.golden import inputs
from tools.benchmarks.golden import stages

FOLDER = "--dataset=folder:DIR/mixed"
SMALL = (
    "--resnet_depth=18",
    "--width_multiplier=0.25",
    "--image_size=16",
    "--train_batch_size=8",
    "--train_steps=1",
    "--warmup_epochs=0",
    "--nolineareval_while_pretraining",
)
NEW = "--model_dir=DIR/new"
TRAINED = "--model_dir=DIR/run"
FINETUNE = "--train_mode=finetune"
DISTILL = "--train_mode=distill"
DIGITS = "--dataset=digits"
PAIRS = "--train_batch_size=2"
PROGRESS = re.compile(r"\r[^\r\n]*")  # bars, which tell the time
# Flags beside `SMALL`, later ones winning.
CASES = {
    "unknown flag": ["--learning_rat=1"],
    "wrong choice": ["--train_mode=pretrian"],
    "no number": ["--train_steps=many"],
    "out of range": ["--temperature=0"],
    "contradiction": ["--label_fraction=0.1", "--labels_per_class=3"],
    "words that are no flags": ["train"],
    "missing flagfile": ["--flagfile=DIR/none.cfg"],
    "no model_dir": [FOLDER],
    "data set without a place": [NEW, "--dataset=csv:"],
    "missing folder": [NEW, "--dataset=folder:DIR/none"],
    "empty folder": [NEW, "--dataset=folder:DIR/empty"],
    "missing split": [NEW, FOLDER, "--train_split=extra"],
    "bad slice": [NEW, FOLDER, "--train_split=train[:x]"],
    "damaged image": [
        NEW,
        "--dataset=folder:DIR/damaged",
        "--max_corrupt_fraction=0",
        "--mode=embed",
        "--checkpoint=DIR/run",
        "--embed_output=DIR/new.npz",
    ],
    "damaged npz": [NEW, "--dataset=npz:DIR/damaged.npz"],
    "damaged tar": [NEW, "--dataset=tar:DIR/damaged.tar"],
    "damaged tfrecord": [NEW, "--dataset=tfrecord:DIR/damaged.tfrecord"],
    "damaged parquet": [NEW, "--dataset=parquet:DIR/damaged.parquet"],
    "csv without paths": [NEW, PAIRS, "--dataset=csv:DIR/no_paths.csv"],
    "csv of missing files": [NEW, PAIRS, "--dataset=csv:DIR/missing.csv"],
    "label map with gaps": [NEW, FOLDER, "--label_map=DIR/gaps.csv"],
    "label map of three columns": [NEW, FOLDER, "--label_map=DIR/wide.csv"],
    "concat of one": [NEW, f"--dataset=concat:{FOLDER.split('=')[1]}"],
    "channels that are not there": [NEW, FOLDER, "--channels=4"],
    "fewer images than a batch": [NEW, FOLDER, "--train_batch_size=64"],
    "one class": [NEW, FINETUNE, "--dataset=folder:DIR/one"],
    "no teacher": [NEW, DISTILL, DIGITS],
    "missing teacher": [NEW, DISTILL, DIGITS, "--teacher=DIR/none"],
    "teacher that classifies nothing": [
        NEW,
        DISTILL,
        DIGITS,
        "--teacher=DIR/run",
    ],
    "checkpoint of another network": [
        NEW,
        FINETUNE,
        DIGITS,
        "--checkpoint=DIR/run",
        "--width_multiplier=0.5",
    ],
    "damaged checkpoint": [
        NEW,
        FINETUNE,
        DIGITS,
        "--checkpoint=DIR/damaged_run",
    ],
    "damaged run": ["--model_dir=DIR/damaged_run", DIGITS],
    "run of another network": [TRAINED, DIGITS, "--width_multiplier=0.5"],
    "run of another stage": [TRAINED, DIGITS, FINETUNE],
    "evaluation of nothing": [NEW, DIGITS, "--mode=eval"],
    "export of nothing": [NEW, "--mode=export"],
    "embeddings from nothing": [FOLDER, "--mode=embed"],
    "predictions without classes": [TRAINED, FOLDER, "--mode=predict"],
    "status of nothing": ["--model_dir=DIR/none", "--mode=status"],
}


def measure(folder, data):
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    write_inputs(folder)
    measured = {}
    for name, flags in CASES.items():
        print("messages:", name, flush=True)
        flags = [flag.replace("DIR", str(folder)) for flag in flags]
        status, text = status_and_text([*SMALL, *flags])
        text = PROGRESS.sub("", text).replace(str(folder), "DIR")
        measured[name] = {"status": status, "text": text}
        shutil.rmtree(folder / "new", ignore_errors=True)
    return measured


def write_inputs(folder):
    inputs.write_all(folder)
    (folder / "empty").mkdir()
    shutil.copytree(folder / "mixed/train/ant", folder / "one/ant")
    write_damaged_files(folder)
    lines = ["colour,photo", "red,mixed/train/ant/000.png"]
    (folder / "no_paths.csv").write_text("\n".join(lines))
    lines = ["path,label", "mixed/train/ant/000.png,ant", "none.png,bee"]
    (folder / "missing.csv").write_text("\n".join(lines))
    (folder / "gaps.csv").write_text("ant,0\nbee,2\ncat,2\n")
    (folder / "wide.csv").write_text("ant,insect,6\n")
    write_runs(folder)


def write_damaged_files(folder):
    for source, target in (
        ("arrays3.npz", "damaged.npz"),
        ("mixed-train.tar", "damaged.tar"),
        ("mixed-train.tfrecord", "damaged.tfrecord"),
        ("mixed-train.parquet", "damaged.parquet"),
    ):
        shutil.copy(folder / source, folder / target)
        inputs.damage(folder / target)


def write_runs(folder):
    """A run of one step of pretraining, and the same with torn weights."""
    import simclrv2_tf

    options: dict[str, Any] = {
        **stages.NETWORK,
        "image_size": 16,
        "train_batch_size": 8,
    }
    options |= {"train_steps": 1, "warmup_epochs": 0}
    options["lineareval_while_pretraining"] = False  # it classifies nothing
    simclrv2_tf.pretrain("digits", folder / "run", **options)
    shutil.copytree(folder / "run", folder / "damaged_run")
    for path in (folder / "damaged_run").glob("ckpt-*.data-*"):
        inputs.damage(path)


def status_and_text(arguments):
    """Exit status, and what is said to the error output and in the log."""
    from simclrv2_tf.run import main

    heard = io.StringIO()
    status: int | str | None = 0
    with listening(heard), contextlib.redirect_stderr(heard):
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                main(["simclrv2", *arguments])
        except SystemExit as end:
            status = end.code
    return status, heard.getvalue()


@contextlib.contextmanager
def listening(heard):
    """The package's log goes to a text file as well."""
    log, handler = (
        logging.getLogger("simclrv2_tf"),
        logging.StreamHandler(heard),
    )
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
