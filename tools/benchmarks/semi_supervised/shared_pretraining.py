"""Jobs that find the pretraining of another job done."""

import json
import shutil


def of_draw(first, directory):
    """Has a draw of the labels find another one's network, with its recipe."""
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


def of_labels(first, directory):
    """Has a job of other labels find a network, and make its own recipe."""
    done = json.loads((first / "progress.json").read_text())
    shutil.copytree(first / "pretrained", directory / "pretrained")
    no_pilots = {"shares": {}, "chosen": {}, "seconds": 0.0}
    kept = {"pilots": done.get("pilots", no_pilots)}
    kept["pretrained"] = done["pretrained"]
    (directory / "progress.json").write_text(json.dumps(kept))
