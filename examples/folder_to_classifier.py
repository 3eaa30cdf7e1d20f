# %% [markdown]
# # From a folder of images to a classifier
#
# A folder with a folder for each class is all that it takes. Here the images
# are the handwritten digits that come with scikit-learn, and of five in each
# class the label is used; the others are learnt from without one.

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

import pathlib

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

# %% [markdown]
# ## The folder
#
# `digits/0/…` to `digits/9/…`, 1,797 images of 8 by 8 pixels.

# %%
digits = load_digits()
for number, label in enumerate(digits.target):
    path = pathlib.Path("digits", str(label), f"{number:04}.png")
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.uint8(np.round(digits.images[number] * 255 / 16))
    Image.fromarray(pixels).save(path)

print(sum(1 for _ in pathlib.Path("digits").glob("*/*.png")), "images")

# %% [markdown]
# ## The job
#
# It sets images aside to evaluate on, chooses network and settings by rules
# and a measured step, pretrains on all images, fine-tunes on the labels, and
# distils what came out into a small network. Two minutes are little: give your
# own images ten or more. Stopped, the same call goes on where it was.

# %%
job = simclrv2_tf.semi_supervised(
    "folder:digits", "runs/digits", labels_per_class=5, time_budget="00:02"
)

# %% [markdown]
# `runs/digits/report.html` has the result, the images and what went on, on
# one page; the pictures lie beside it. What is mixed up with what:

# %%
Image.open("runs/digits/report/confusion.png")

# %% [markdown]
# ## The classifier
#
# `predict` takes a file, a folder or an array, or a list of files or arrays.

# %%
classifier = simclrv2_tf.load_classifier("runs/digits")
answer = classifier.predict("digits/3/0003.png")
print(f"{answer.image}: {answer.class_name}, {answer.probability:.0%} sure")

# %%
for answer in classifier.predict(digits.images[:5, ..., None] / 16):
    print(f"{answer.class_name} at {answer.probability:.0%}")
