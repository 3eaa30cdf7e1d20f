"""The data sets that the one command is tried on, as flags."""

import numpy as np
from PIL import Image

# Each set, and what of `--data` it reads: None for nothing.
FOLDERS = {
    "digits": None,
    "signs": "signs",
    "cifar10": "tfds",
    "photos": "photos",
    "crops": "photos",
}
HELD = (
    "a folder that holds signs/ (the Sign Language Digits Dataset) and photos/ "
    "(of ILSVRC, by WordNet number), each with a folder for each class, and "
    "tfds/ with CIFAR-10; digits need none of it"
)
CROPPED = 256  # shorter side in pixels of a photograph that squares are cut of

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


def data_flags(name, data, root):
    """Flags that name a data set, and nothing else.

    Args:
      name: One of `FOLDERS`.
      data: Path of the folder that `--data` names; None for none.
      root: Path of a folder for what is made of it.
    """
    place = folder_of(name, data)
    if name == "digits":
        return {"dataset": "digits"}
    if name == "signs":
        return {"dataset": f"folder:{place}"}
    if name == "cifar10":
        return {
            "dataset": "cifar10",
            "data_dir": str(place),
            "train_split": "train[:10000]",
            "eval_split": "test",
        }
    if name == "crops":
        return {"dataset": f"folder:{write_crops(place, root / name)}"}
    return photos_in_groups(place, root / "groups.csv")


def folder_of(name, data):
    """The folder that a data set is read from, None for none.

    Raises:
      SystemExit: For an unknown set, or one whose folder is not there.
    """
    if name not in FOLDERS:
        known = ", ".join(FOLDERS)
        raise SystemExit(f"A data set must be one of {known}. Received: {name}")
    if FOLDERS[name] is None:
        return None
    if data is None or not (data / FOLDERS[name]).is_dir():
        raise SystemExit(
            f"{name} needs --data=DATA, {HELD}. Received: --data={data}, "
            f"without {FOLDERS[name]}/"
        )
    return data / FOLDERS[name]


def photos_in_groups(photos, path):
    """Flags of photographs in the groups of `GROUPS`, by a label map."""
    lines = [f"{p.name},{group_of(p.name)!r}" for p in photos.iterdir()]
    text = "\n".join(line.replace("'", '"') for line in lines)
    path.write_text(f"label,class\n{text}\n")
    return {"dataset": f"folder:{photos}", "label_map": str(path)}


def write_crops(photos, folder):
    """Squares cut out of photographs, each photograph a class.

    Colour tells these classes apart, so strong colour distortion ruins them.
    Made once: a folder that is there is whole.
    """
    if folder.exists():
        return folder
    staged = folder.with_name(f"{folder.name}.tmp")
    rng = np.random.default_rng(0)
    for number, path in enumerate(sorted(photos.rglob("*.JPEG"))[:160:2]):
        image = Image.open(path).convert("RGB")
        scale = CROPPED / min(image.size)
        image = image.resize([round(scale * side) for side in image.size])
        own = staged / f"photograph {number}"
        own.mkdir(parents=True, exist_ok=True)
        for each in range(40):
            side = int(rng.integers(90, 140))
            x, y = (
                int(rng.integers(0, length - side)) for length in image.size
            )
            square = image.crop((x, y, x + side, y + side)).resize((64, 64))
            square.save(own / f"{each}.png")
    return staged.rename(folder)


def group_of(number):
    """The group of a WordNet number."""
    return [group for first, group in GROUPS if first <= number][-1]
