# %% [markdown]
# # Look at a run
#
# What a network has learnt, and what is wrong with the images: learning
# curves, nearest neighbours, accuracy over labels, a confusion matrix, and
# curation. All figures take plain arrays and are matplotlib's.

# %% [markdown]
# In Colab the package has to be installed first: put the wheel of `python -m
# build` among the session's files, or name the address of a clone.

# %% tags=["active-ipynb"]
# import importlib.util
#
# SOURCE = "simclrv2_tf-0.1.0-py3-none-any.whl"  # or git+https://...
# if importlib.util.find_spec("simclrv2_tf") is None:
#     %pip install --quiet {SOURCE}

# %%
import simclrv2_tf

simclrv2_tf.quiet_tensorflow()  # says nothing as it starts

import csv
import pathlib

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from simclrv2_tf import reports

# %% [markdown]
# ## Images, 21 of them with a wrong label
#
# Training and test images in folders, as users have them. Every seventieth
# image of training lies in the folder of another class: curation shall find
# it.

# %%
digits = load_digits()
wrong = set()
for number, label in enumerate(digits.target):
    split = "train" if number < 1437 else "test"
    if split == "train" and number % 70 == 35:
        label = (label + 5) % 10
        wrong.add(f"{number:04}.png")
    path = pathlib.Path("digits", split, str(label), f"{number:04}.png")
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.uint8(np.round(digits.images[number] * 255 / 16))
    Image.fromarray(pixels).save(path)

print(len(wrong), "images lie in a wrong folder")

# %% [markdown]
# ## A run

# %%
NETWORK = {
    "resnet_depth": 18,
    "width_multiplier": 0.125,
    "image_size": 16,
    "random_flip": False,  # a mirror makes other images of digits
    "use_blur": False,
}
pretrained = simclrv2_tf.pretrain(
    "folder:digits",
    "runs/pretrained",
    train_batch_size=256,
    train_epochs=25,
    checkpoint_epochs=25,
    train_summary_steps=10,
    warmup_epochs=2,
    learning_rate=2.0,
    temperature=0.2,
    color_jitter_strength=0.5,
    crop_area_min=0.3,
    lineareval_while_pretraining=False,
    **NETWORK,
)

# %% [markdown]
# ## How it learnt

# %%
figure = reports.learning(reports.panels("runs/pretrained"))
figure.savefig("learning.png")
figure

# %% [markdown]
# ## What is like what
#
# Features of the test images, which training has not seen: a map of them, and
# some images with those that are nearest.

# %%
found = simclrv2_tf.embed("folder:digits", "runs/pretrained", split="test")
images = [np.asarray(Image.open(file)) / 255 for file in found["files"]]
points = reports.project(found["embeddings"], "tsne")
figure = reports.embedding_map(points, found["labels"], found["class_names"])
figure.savefig("map.png")
figure

# %%
queries = [int(np.argmax(found["labels"] == label)) for label in (1, 3, 8, 9)]
near = reports.nearest(found["embeddings"], queries, 7)
rows = np.column_stack([queries, near])
figure = reports.neighbours(
    [[images[number] for number in row] for row in rows],
    [[str(found["labels"][number]) for number in row] for row in rows],
)
figure.savefig("neighbours.png")
figure

# %% [markdown]
# ## How many labels it saves
#
# Cheap classifiers on its frozen features, and on raw pixels: the mean of five
# draws of the labels, with 95 % intervals. `probed["curve"]` has all of them.

# %%
probed = simclrv2_tf.probe(
    "folder:digits",
    "runs/pretrained",
    label_counts=[1, 5, 20],
    label_draws=5,
    probe_k=[1],
    compare="pixels",
)
rows = [row for row in probed["curve"] if row["classifier"] == "logistic"]
figure = reports.label_efficiency(rows)
figure.savefig("labels.png")
figure

# %% [markdown]
# ## What it mixes up
#
# Fine-tuned on ten labels a class.

# %%
tuned = simclrv2_tf.finetune(
    "folder:digits",
    "runs/finetuned",
    checkpoint="runs/pretrained",
    labels_per_class=10,
    ft_proj_selector=1,
    zero_init_logits_layer=True,
    optimizer="momentum",
    learning_rate=0.2,
    train_batch_size=50,
    train_steps=100,
    checkpoint_steps=100,
    warmup_epochs=0,
    weight_decay=0.0,
    mode="train_then_eval",
    eval_split="test",
    **NETWORK,
)

# %%
classes = tuned["classes"]
figure = reports.confusion(classes["confusion"], classes["names"])
figure.savefig("confusion.png")
figure

# %% [markdown]
# ## What is wrong with the images
#
# `curate` says which labels are doubtful, which images are near-duplicates or
# outliers, and, with `label_budget=50`, which to label next. `curation.html`
# beside the tables shows all of it in pictures.

# %%
curated = simclrv2_tf.curate("folder:digits", "runs/pretrained", split="train")

# %%
with open("runs/pretrained/curation/doubtful_labels.csv") as file:
    doubtful = list(csv.DictReader(file))[: len(wrong)]
names = {pathlib.Path(row["file"]).name for row in doubtful}
print(f"{len(names & wrong)} of the {len(wrong)} wrong labels come first")

# %%
figure = reports.gallery(
    [np.asarray(Image.open(row["file"])) / 255 for row in doubtful[:16]],
    [f"{row['label']}, or {row['looks_like']}?" for row in doubtful[:16]],
)
figure.savefig("doubtful.png")
figure
