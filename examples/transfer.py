"""Takes a trained network to a new data set: linear probe, then fine-tuning:
python examples/transfer.py WEIGHTS [digits | folder:PATH | TFDS name [EPOCHS]]
"""

import sys

import keras

import simclrv2_tf
from simclrv2_tf.data import pipeline
from simclrv2_tf.data import sources


def main(weights, dataset="digits", epochs=10):
    backbone = simclrv2_tf.load_backbone(weights, trainable=False)
    size = backbone.image_size
    names = sources.split_names(dataset)  # of one alone a fifth is kept
    last = "test" if "test" in names else "validation"
    splits = ("train", last) if names[1:] else ("train[:80%]", "train[80%:]")
    train, test = (sources.open_source(dataset, split) for split in splits)
    seen, unseen = (pipeline.eval_dataset(x, 64, size) for x in (train, test))
    norm = keras.layers.BatchNormalization(momentum=0.9)
    probe = keras.Sequential([norm, keras.layers.Dense(train.num_classes)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    probe.compile(keras.optimizers.Adam(1e-2), loss, metrics=["accuracy"])
    probe.fit(backbone.predict(seen), train.labels, epochs=50, verbose=0)
    _, linear = probe.evaluate(backbone.predict(unseen), test.labels)
    print(f"linear probe: top-1 {linear:.1%} of {test.num_examples}")
    backbone.trainable = True
    model = keras.Sequential([backbone, probe])
    model.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
    views = pipeline.train_dataset(train, 64, size, seed=0, views=1)
    model.fit(views, epochs=epochs, steps_per_epoch=len(train.labels) // 64)
    tuned = (model.predict(unseen).argmax(axis=1) == test.labels).mean()
    print(f"fine-tuned:   top-1 {tuned:.1%} of {test.num_examples}")
    return linear, tuned


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:]))
