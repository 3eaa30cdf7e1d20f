# %% [markdown]
# # Published weights as a backbone
#
# `simclrv2_tf.load_backbone("simclrv2/pretrained/r50_1x_sk0")` is a Keras
# model with the weights of the original release; your own layers go on top of
# it. Few images, and photographs: begin here rather than with pretraining.

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

import os

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

# %% [markdown]
# ## What there is
#
# Eighty networks, with their published top-1 accuracy on ImageNet. Some of
# them:

# %%
for model in simclrv2_tf.published():
    if model.name.startswith("simclrv2/pretrained/r50"):
        size = f"{model.parameters / 1e6:.0f} M parameters"
        print(f"{model.name:34} {size:>18} {model.top1} %")

# %% [markdown]
# ## A mirror
#
# They are fetched once, verified, and kept. Where there is no internet,
# `SIMCLRV2_MIRROR` names a directory (or a URL) that has the files as the
# release's bucket has them. So that this notebook runs anywhere it makes such
# a mirror by itself, of **random weights** in the shapes and under the names
# of the published ones: the accuracy below is that of random filters. **Leave
# this cell out to have the real ones**, 94 MB.

# %%
NAME = "simclrv2/pretrained/r50_1x_sk0"

keras.utils.set_random_seed(0)
stand_in = simclrv2_tf.build_network(resnet_depth=50)
stand_in.save("stand_in.keras")
simclrv2_tf.convert("stand_in.keras", f"mirror/{NAME}/model.ckpt-250228")
os.environ["SIMCLRV2_MIRROR"] = "mirror"
os.environ["SIMCLRV2_CACHE"] = "cache"

# %% [markdown]
# ## The backbone
#
# Images are float in [0, 1], of any size. A frozen backbone keeps its
# normalization's statistics however it is called.

# %%
backbone = simclrv2_tf.load_backbone(NAME, trainable=False)
print(backbone.input_shape, "->", backbone.output_shape)
print(backbone.load_report)

# %% [markdown]
# ## A task of your own
#
# The digits of scikit-learn, enlarged and with three channels, stand in for
# your images. A linear classifier learns on frozen features, which are
# computed once:

# %%
digits = load_digits()
small = np.repeat(digits.images[..., None] / 16, 3, axis=-1)
images = keras.ops.convert_to_numpy(keras.ops.image.resize(small, (64, 64)))
seen, unseen, seen_labels, unseen_labels = train_test_split(
    images, digits.target, test_size=360, random_state=0
)
features = backbone.predict(seen, verbose=0)
print("features", features.shape)

# %%
probe = keras.Sequential(
    [keras.layers.BatchNormalization(), keras.layers.Dense(10)]
)
probe.compile(
    keras.optimizers.Adam(1e-2),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
probe.fit(features, seen_labels, epochs=30, batch_size=64, verbose=0)
unseen_features = backbone.predict(unseen, verbose=0)
_, accuracy = probe.evaluate(unseen_features, unseen_labels, verbose=0)
print(f"linear classifier: {accuracy:.1%} of {len(unseen)} are right")

# %% [markdown]
# ## One model, to be kept
#
# Backbone and classifier are one Keras model, which a `.keras` file holds
# whole. `backbone.trainable = True` and another `fit` would fine-tune all of
# it.

# %%
model = keras.Sequential([backbone, probe])
model.save("digits.keras")

again = keras.models.load_model("digits.keras")
answers = again.predict(unseen[:10], verbose=0).argmax(axis=-1)
print("answers", answers)
print("labels ", unseen_labels[:10])
