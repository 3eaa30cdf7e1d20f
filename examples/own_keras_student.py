# %% [markdown]
# # Distil into your own Keras model
#
# A large network that learnt from many images without labels teaches a small
# one of your own making. The teacher here is a ResNet-18 that is pretrained
# for less than a minute on scikit-learn's digits and fine-tuned on fifty
# labels.

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

import keras
import numpy as np
from sklearn.datasets import load_digits

# %% [markdown]
# ## Your model
#
# Any functional or Sequential model of images that gives features: its own
# head is added. It says nothing of what pixels it takes, so `student_pixels`
# will.

# %%
layers = keras.layers
student = keras.Sequential(
    [
        keras.Input((16, 16, 3)),
        layers.Conv2D(16, 3, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.SeparableConv2D(32, 3, strides=2, use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.SeparableConv2D(64, 3, use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.GlobalAveragePooling2D(),
    ],
    name="mine",
)
print(f"{student.count_params():,} parameters")

# %% [markdown]
# ## A teacher
#
# The five labels of a class are the same ones in every stage. A run that is
# there goes on, and one that is done is not done again.

# %%
DATA = {
    "image_size": 16,
    "labels_per_class": 5,
    "random_flip": False,  # a mirror makes other images of digits
    "use_blur": False,
}
TEACHER = {"resnet_depth": 18, "width_multiplier": 0.125, **DATA}

pretrained = simclrv2_tf.pretrain(
    "digits",
    "runs/pretrained",
    train_batch_size=256,
    train_epochs=25,
    checkpoint_epochs=25,
    warmup_epochs=2,
    learning_rate=2.0,
    temperature=0.2,
    color_jitter_strength=0.5,
    crop_area_min=0.3,
    lineareval_while_pretraining=False,
    **TEACHER,
)

# %%
taught = simclrv2_tf.finetune(
    "digits",
    "runs/teacher",
    checkpoint="runs/pretrained",
    ft_proj_selector=1,
    zero_init_logits_layer=True,
    optimizer="momentum",
    learning_rate=0.03,
    train_batch_size=50,
    train_steps=60,
    checkpoint_steps=60,
    warmup_epochs=0,
    weight_decay=0.0,
    mode="train_then_eval",
    eval_split="test",
    **TEACHER,
)

# %% [markdown]
# ## Distillation
#
# The student sees all training images and what the teacher says of them, and
# never a label.

# %%
TRAINING = {
    "optimizer": "momentum",
    "warmup_epochs": 2,
    "proj_head_mode": "none",
    "mode": "train_then_eval",
    "eval_split": "test",
    **DATA,
}
distilled = simclrv2_tf.distill(
    "digits",
    "runs/distilled",
    teacher="runs/teacher",
    student=student,
    student_pixels="0..1",
    learning_rate=0.2,
    train_batch_size=128,
    train_steps=450,
    checkpoint_steps=450,
    **TRAINING,
)

# %% [markdown]
# The same model trained on the fifty labels alone, for as many steps at the
# same rate (which is for batches of 256, and scaled to the batch), to compare:

# %%
alone = simclrv2_tf.finetune(
    "digits",
    "runs/alone",
    backbone=student,
    backbone_pixels="0..1",
    learning_rate=0.5,
    train_batch_size=50,
    train_steps=450,
    checkpoint_steps=450,
    **TRAINING,
)

# %%
for name, result in {
    "teacher": taught,
    "your model, distilled": distilled,
    "your model, on the labels alone": alone,
}.items():
    accuracy = result["eval/label_top_1_accuracy"]
    print(f"{name:32} {accuracy:.1%}  {result['parameters']:>9,} parameters")

# %% [markdown]
# ## Your model, taught
#
# An ordinary Keras model from images in [0, 1] to logits, of your layers and
# the head. `.keras` keeps it; `runs/distilled/saved_model` can be served.

# %%
model = simclrv2_tf.load_backbone("runs/distilled", "logits_sup")
model.save("mine.keras")

digits = load_digits()
small = np.repeat(digits.images[-8:, ..., None] / 16, 3, axis=-1)
images = keras.ops.image.resize(small, (16, 16))
print("answers", model.predict(images, verbose=0).argmax(axis=-1))
print("labels ", digits.target[-8:])
