"""The one command on four data sets: does it beat what is cheap, in time?

    python tools/benchmark.py semi_supervised --budget=00:20 --draws=3
    python tools/benchmark.py semi_supervised --datasets=signs --labels=5
    python tools/benchmark.py semi_supervised --datasets=crops --labels=5

No other flag than data, labels and budget is given. Draws after the first
take the first one's pretraining; with --share_pretraining other numbers of
labels take it too, that of the first number, whose labels judge its pilots.
"""

import argparse
import json
import pathlib
import shutil
import statistics
import tempfile

import numpy as np
from PIL import Image

DATA = pathlib.Path(__file__).resolve().parents[3] / "shared" / "data"
SIGNS = "signs"
CROPPED = 256  # shorter side in pixels of a photograph that squares are cut of
LABELS = (1, 5, 20)
# Groups of ILSVRC's classes by WordNet number: the first of each.
GROUPS = (
    ("n01440764", "fish, reptiles, amphibians"),
    ("n01514668", "birds"),
    ("n01629819", "fish, reptiles, amphibians"),
    ("n01768244", "invertebrates"),
    ("n01795545", "birds"),
    ("n01871265", "other mammals"),
    ("n01910747", "invertebrates"),
    ("n02002556", "birds"),
    ("n02066245", "other mammals"),
    ("n02085620", "dogs"),
    ("n02114367", "other mammals"),
    ("n02165105", "invertebrates"),
    ("n02325366", "other mammals"),
    ("n02514041", "fish, reptiles, amphibians"),
    ("n02666196", "things"),
    ("n06596364", "food and nature"),
)
SMALL, SCRATCH = "small, distilled", "small, from scratch"
PIXELS = "nearest neighbours on raw pixels"


def run(arguments):
    options = parse_arguments(arguments)
    root = pathlib.Path(tempfile.mkdtemp(prefix="simclrv2_jobs_"))
    cells = []
    for name in options.datasets.split(","):
        for labels in map(int, options.labels.split(",")):
            cells += list(draws_of(name, labels, options, root))
    return {
        "budget": options.budget,
        "draws": options.draws,
        "cells": cells,
        "summary": summary(cells),
    }


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=pathlib.Path, default=DATA)
    parser.add_argument("--datasets", default="digits,signs,cifar10,photos")
    parser.add_argument("--labels", default=",".join(map(str, LABELS)))
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--budget", default="00:20")
    parser.add_argument("--share_pretraining", action="store_true")
    return parser.parse_args(arguments)


def draws_of(name, labels, options, root):
    """Yields what each draw of so many labels a class came to."""
    flags = data_flags(name, options.data, root)
    for draw in range(options.draws):
        directory = root / f"{name}_{labels}_{draw}"
        first = options.labels.split(",")[0]
        if draw:
            share_pretraining(root / f"{name}_{labels}_0", directory)
        elif options.share_pretraining and labels != int(first):
            share_network(root / f"{name}_{first}_0", directory)
        report = one_job(flags, labels, draw, options.budget, directory)
        if report is None:  # not so many labels
            return
        yield {
            "data": name,
            "labels": labels,
            "draw": draw,
            "top-1": {r["name"]: r["top_1"] for r in report["rows"]},
            "exported": report["exported_run"],
            "planned seconds": round(report["planned_seconds"]),
            "seconds": round(report["seconds"]),
            "planned GB": in_gb(report["planned_memory"]),
            "GB": in_gb(report["memory"]),
        }


def in_gb(size):
    """Bytes in GB, None for none known."""
    return size and round(size / 1e9, 2)


def data_flags(name, data, root):
    """Flags that name a data set, and nothing else."""
    if name == "digits":
        return {"dataset": "digits"}
    if name == "signs":
        return {"dataset": f"folder:{data / SIGNS}"}
    if name == "cifar10":
        return {
            "dataset": "cifar10",
            "data_dir": str(data / "tfds"),
            "train_split": "train[:10000]",
            "eval_split": "test",
        }
    photos = data / "photos"
    if name == "crops":
        return {"dataset": f"folder:{write_crops(photos, root / name)}"}
    path = root / "groups.csv"
    lines = [f"{p.name},{group_of(p.name)!r}" for p in photos.iterdir()]
    text = "\n".join(line.replace("'", '"') for line in lines)
    path.write_text(f"label,class\n{text}\n")
    return {"dataset": f"folder:{photos}", "label_map": str(path)}


def write_crops(photos, folder):
    """Squares cut out of photographs, each photograph a class.

    Colour tells these classes apart, so strong colour distortion ruins them.
    """
    rng = np.random.default_rng(0)
    for number, path in enumerate(sorted(photos.rglob("*.JPEG"))[:160:2]):
        image = Image.open(path).convert("RGB")
        scale = CROPPED / min(image.size)
        image = image.resize([round(scale * side) for side in image.size])
        own = folder / f"photograph {number}"
        own.mkdir(parents=True)
        for each in range(40):
            side = int(rng.integers(90, 140))
            x, y = (
                int(rng.integers(0, length - side)) for length in image.size
            )
            square = image.crop((x, y, x + side, y + side)).resize((64, 64))
            square.save(own / f"{each}.png")
    return folder


def group_of(number):
    """The group of a WordNet number."""
    return [group for first, group in GROUPS if first <= number][-1]


def one_job(flags, labels, draw, budget, directory):
    """The report of a job; None where there are not so many labels."""
    import simclrv2_tf

    flags = dict(flags)
    try:
        return simclrv2_tf.semi_supervised(
            flags.pop("dataset"),
            directory,
            labels_per_class=labels,
            label_seed=draw,
            time_budget=budget,
            **flags,
        )
    except ValueError as error:
        if "as many as are asked for" in str(error):
            return None
        raise


def share_pretraining(first, directory):
    """Has a job find another one's pretraining done, with its recipe."""
    begun = json.loads((first / "job.json").read_text())
    done = json.loads((first / "progress.json").read_text())
    draw = int(directory.name.rpartition("_")[2])
    begun["asked"]["label_seed"] = draw
    for given in begun["recipe"]["given"].values():
        given["label_seed"] = draw
    directory.mkdir()
    shutil.copytree(first / "pretrained", directory / "pretrained")
    (directory / "job.json").write_text(json.dumps(begun))
    kept = {
        name: value
        for name, value in done.items()
        if name.startswith(("pretrained", "pilots"))
    }
    (directory / "progress.json").write_text(json.dumps(kept))


def share_network(first, directory):
    """Has a job of other labels find a network, and make its own recipe."""
    done = json.loads((first / "progress.json").read_text())
    shutil.copytree(first / "pretrained", directory / "pretrained")
    no_pilots = {"shares": {}, "chosen": {}, "seconds": 0.0}
    kept = {"pilots": done.get("pilots", no_pilots)}
    kept["pretrained"] = done["pretrained"]
    (directory / "progress.json").write_text(json.dumps(kept))


def summary(cells):
    """Means over draws, and what was asked of them.

    Time and memory are the first draw's: the others take its pretraining.
    """
    groups = {}
    for cell in cells:
        groups.setdefault((cell["data"], cell["labels"]), []).append(cell)
    return [
        {
            "data": name,
            "labels": labels,
            **{row: mean(drawn, row) for row in drawn[0]["top-1"]},
            "above scratch": gain(drawn, SCRATCH),
            "above raw pixels": gain(drawn, PIXELS),
            "seconds to planned": ratio(drawn[0], "seconds"),
            "GB to planned": ratio(drawn[0], "GB"),
        }
        for (name, labels), drawn in groups.items()
    ]


def ratio(cell, kind):
    """What a job came to, of what was planned; None where that is not known."""
    planned = cell.get(f"planned {kind}")
    return planned and round(cell[kind] / planned, 2)


def mean(cells, row):
    values = [cell["top-1"][row] for cell in cells]
    if None in values:
        return None
    return round(statistics.mean(values), 4)


def gain(cells, row):
    """Points by which the small network is above a row, None if unmeasured."""
    ours, theirs = mean(cells, SMALL), mean(cells, row)
    return None if None in (ours, theirs) else round(ours - theirs, 4)


def show(report, folder):
    """Bars of the small network beside what is cheap, for each cell."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = (SMALL, SCRATCH, PIXELS)
    figure, axes = pyplot.subplots(figsize=(8, 3.5), layout="constrained")
    for place, row in enumerate(rows):
        heights = [100 * (cell[row] or 0) for cell in report["summary"]]
        at = [index + 0.27 * (place - 1) for index in range(len(heights))]
        axes.bar(at, heights, 0.25, label=row)
    names = [f"{c['data']}\n{c['labels']}" for c in report["summary"]]
    axes.set_xticks(range(len(names)), names)
    axes.set_ylabel("top-1, %")
    axes.set_xlabel("labels a class")
    figure.legend(loc="outside upper center", ncols=len(rows), frameon=False)
    figure.savefig(folder / "semi_supervised.png", dpi=120)
