"""Fine-tuning that starts from a linear probe."""

import numpy as np
import pytest
import small_backbone
import small_classifier

import simclrv2_tf
from simclrv2_tf import hub
from simclrv2_tf.config import Config
from simclrv2_tf.data import label_subset
from simclrv2_tf.data import sources
from simclrv2_tf.data.pipeline import eval_dataset
from simclrv2_tf.models.features import features_of
from simclrv2_tf.probing import linear_probe
from simclrv2_tf.runs.start import probe_start
from simclrv2_tf.runs.start.probe_start import start_from_probe
from simclrv2_tf.runs.training_data import TrainingData

pytestmark = pytest.mark.usefixtures("unexported")

RUN = {
    **small_backbone.options(),
    "image_size": 8,
    "num_proj_layers": 2,
    "proj_out_dim": 8,
    "labels_per_class": 3,
    "train_batch_size": 10,
    "train_steps": 1,
    "warmup_epochs": 0.0,
    "mixed_precision": "float32",
}


@pytest.fixture
def pretrained(tmp_path):
    """A run on other data; its classifier has other classes."""
    directory = tmp_path / "pretrained"
    directory.mkdir()
    return small_classifier.save_run(small_classifier.classifier(), directory)


def data_of(source, **options):
    config = Config(train_mode="finetune", image_size=8, **options)
    return TrainingData(config, source)


@pytest.mark.parametrize("selector", [0, 1])
def test_the_head_is_the_probe_of_the_layer_that_it_reads(pretrained, selector):
    options = {"num_classes": 10, "ft_proj_selector": selector}
    network = hub.load_network(pretrained, **options)
    source = sources.open_digits("test").subset(np.arange(40))
    start_from_probe(network, data_of(source))
    batches = eval_dataset(source, 40, 8)
    features, numbers = features_of(network, batches, "proj_sel")
    logits, _ = features_of(network, batches, "logits_sup")
    probe = linear_probe.fit(features, source.labels[numbers], 10)
    np.testing.assert_allclose(logits, probe.logits(features), atol=1e-4)
    assert np.ptp(logits) > 0.1


@pytest.mark.slow
def test_a_step_at_no_rate_leaves_the_probe(pretrained, tmp_path):
    run = tmp_path / "run"
    simclrv2_tf.finetune(
        "digits",
        run,
        checkpoint=str(pretrained),
        linear_probe_init=True,
        learning_rate=0.0,
        fine_tune_after_block=4,
        mode="train",
        **RUN,
    )
    network = hub.load_network(run)
    images = sources.open_digits("train")
    chosen = label_subset.choose_labels(images.labels, per_class=3)
    seen = images.subset(chosen)
    features, numbers = features_of(
        network, eval_dataset(seen, 30, 8), "proj_sel"
    )
    probe = linear_probe.fit(features, seen.labels[numbers], 10)
    kernel = network.supervised_head.linear.kernel.numpy()
    np.testing.assert_allclose(kernel, probe.kernel, atol=1e-3)
    assert np.ptp(kernel) > 0.1


@pytest.mark.slow
def test_it_obeys_the_limit_of_unreadable_images(pretrained, tmp_path):
    folder = small_classifier.photographs(tmp_path / "photographs")
    (folder / "ant" / "3.png").write_bytes(b"\x89PNG\r\n\x1a\n, cut off")
    source = sources.open_source(f"folder:{folder}")  # seven images
    network = hub.load_network(pretrained, num_classes=2)
    data = data_of(source, max_corrupt_fraction=0.2)
    start_from_probe(network, data)
    assert len(data.unreadable.numbers) == 1
    with pytest.raises(ValueError, match="3.png.*Unreadable so far: 1 of 7"):
        start_from_probe(network, data_of(source, max_corrupt_fraction=0))


def test_what_it_does_not_go_with():
    with pytest.raises(
        ValueError, match="give train_mode='finetune' and check"
    ):
        Config(train_mode="pretrain", linear_probe_init=True)
    with pytest.raises(ValueError, match="not both"):
        Config(
            train_mode="finetune",
            checkpoint="runs/p",
            linear_probe_init=True,
            zero_init_logits_layer=True,
        )


def test_the_network_answers_as_many_images_at_once_as_it_may(
    pretrained, monkeypatch
):
    network = hub.load_network(pretrained, num_classes=10)
    source = sources.open_digits("test").subset(np.arange(40))
    sizes = []

    def features(network, dataset, endpoint):
        sizes.append(max(len(numbers) for _, numbers in dataset))
        return np.eye(40, 8, dtype=np.float32), np.arange(40)

    monkeypatch.setattr(probe_start, "features_of", features)
    monkeypatch.setattr(type(network.supervised_head), "set", lambda *_: None)
    start_from_probe(network, data_of(source))
    start_from_probe(network, data_of(source), 16)
    assert sizes == [40, 16]
