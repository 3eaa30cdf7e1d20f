"""Jobs that find the pretraining of another job done."""

import contextlib
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
    kept = {
        name: value
        for name, value in done.items()
        if name.startswith(("pretrained", "pilots"))
    }
    with _whole(directory) as staged:
        shutil.copytree(first / "pretrained", staged / "pretrained")
        (staged / "progress.json").write_text(json.dumps(kept))
        (staged / "job.json").write_text(json.dumps(begun))


def of_labels(first, directory):
    """Has a job of other labels find a network, and make its own recipe."""
    done = json.loads((first / "progress.json").read_text())
    no_pilots = {"shares": {}, "chosen": {}, "seconds": 0.0}
    kept = {"pilots": done.get("pilots", no_pilots)}
    kept["pretrained"] = done["pretrained"]
    with _whole(directory) as staged:
        shutil.copytree(first / "pretrained", staged / "pretrained")
        (staged / "progress.json").write_text(json.dumps(kept))


@contextlib.contextmanager
def _whole(directory):
    """A folder to fill, which becomes the directory of a job not begun yet.

    What a copy that was stopped has left, there or beside it, is removed.
    """
    staged = directory.with_name(f"{directory.name}.tmp")
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir()
    yield staged
    shutil.rmtree(directory, ignore_errors=True)
    staged.rename(directory)
