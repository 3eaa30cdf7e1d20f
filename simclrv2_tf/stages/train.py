"""A training run, from its config to its last checkpoint."""

import collections
import logging

import keras
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf import hub
from simclrv2_tf.checkpoints import architecture
from simclrv2_tf.checkpoints import assign
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.data import labels as labelling
from simclrv2_tf.data import pipeline
from simclrv2_tf.data import sources
from simclrv2_tf.models.network import count_parameters
from simclrv2_tf.stages import build
from simclrv2_tf.stages import model_dir
from simclrv2_tf.stages.callbacks import Report
from simclrv2_tf.stages.callbacks import SaveCheckpoint
from simclrv2_tf.stages.plan import make_plan

_LOG = logging.getLogger("simclrv2_tf")

Trained = collections.namedtuple("Trained", "network step metrics")


def train(config, source=None):
    """Trains to the end, from the newest checkpoint of `model_dir` if any.

    Args:
      config: A `Config`.
      source: A `Source` in place of the one that the config names.

    Returns:
      The network, the step it was trained to, and the last metrics.

    Raises:
      ValueError: If config, data and directory do not go together.
    """
    model_dir.check(config)
    source = choose_labels(config, source or open_source(config))
    source = source.with_channels(config.channels)
    strategy = make_strategy(config)
    plan = make_plan(config, source.num_examples, strategy.num_replicas_in_sync)
    keras.utils.set_random_seed(config.seed)
    build.set_precision(config)
    with strategy.scope():
        stage = _compiled_stage(config, plan, source)
        start = _resume(config, stage)
    _announce(config, plan, stage, source, start)
    model_dir.write_flags(
        config,
        num_classes=stage.network.get_config()["num_classes"],
        class_names=source.class_names,
    )
    metrics = _fit(config, plan, stage, source, start)
    return Trained(stage.network, plan.train_steps, metrics)


def open_source(config, split=None):
    """The data set that a config names; its training split unless given."""
    return sources.open_source(
        config.dataset,
        split or config.train_split,
        config.data_dir,
        config.download,
        config.image_feature,
        config.label_feature,
        config.label_map,
    )


def make_strategy(config):
    """The `tf.distribute` strategy that the flags ask for."""
    name = config.strategy
    if name == "auto" and config.use_tpu is not None:
        name = "tpu" if config.use_tpu else "auto"
    return distribution.make_strategy(
        name,
        config.tpu_name or config.master,
        config.tpu_zone,
        config.gcp_project,
    )


def choose_labels(config, source):
    """The source with the labels that the flags allow, as its stage wants.

    Fine-tuning goes through labelled examples alone; pretraining and
    distillation through all, most of them without a label.
    """
    if config.train_mode != "finetune" and not (source.labels >= 0).any():
        return source
    chosen = labelling.choose_labels(
        source.labels,
        config.label_fraction,
        config.labels_per_class,
        config.label_seed,
        source.class_names,
    )
    if config.train_mode == "finetune":
        _check_classes(source)
    if len(chosen) < source.num_examples:
        _LOG.info(
            "labels: %d of %d examples (label_seed=%d)",
            len(chosen),
            source.num_examples,
            config.label_seed,
        )
    if config.train_mode == "finetune":
        return source.subset(chosen)
    return source.with_labels(chosen)


def _check_classes(source):
    if source.num_classes < 2:
        raise ValueError(
            "Training a classifier needs at least two classes. Received: "
            f"{source.name} with the class {source.class_names[0]!r} alone"
        )


def _compiled_stage(config, plan, source):
    teacher = None
    classes = source.num_classes
    if config.train_mode == "distill":
        teacher = hub.load_network(config.teacher)
        classes = classes or teacher.get_config()["num_classes"]
    if run_directory.latest(config.model_dir):  # those weights go first
        network = build.fresh_network(config, classes)
    else:
        network = build.make_network(config, classes)
    stage = build.make_stage(config, network, teacher)
    stage.compile(optimizer=build.make_optimizer(config, plan, network))
    stage.optimizer.build(stage.trainable_variables)
    return stage


def _resume(config, stage):
    """Brings back the newest checkpoint; returns its step, 0 for none."""
    prefix = run_directory.latest(config.model_dir)
    if prefix is None:
        return 0
    assign.assign_strict(
        stage.network.named_variables(), run_directory.read(prefix)
    )
    remembered = {str(i): v for i, v in enumerate(stage.optimizer.variables)}
    assign.assign_strict(remembered, run_directory.read_optimizer(prefix))
    return run_directory.step_of(prefix)


def _announce(config, plan, stage, source, start):
    network = stage.network
    shape = architecture.describe(network.get_config())
    print(f"{config.train_mode}: {shape} on {source.name}")
    print(f"  parameters        {count_parameters(network):,}")
    for line in plan.lines():
        print(f"  {line}")
    if config.train_mode == "pretrain" and config.channels != 3:
        print("  colour distortion brightness and contrast alone: images are")
        print(f"                    not RGB (channels={config.channels})")
    if start:
        print(f"  resuming at step  {start:,} of {config.model_dir}")
    print(flush=True)


def _fit(config, plan, stage, source, start):
    """Trains the steps that are left; returns the last metrics."""
    if start >= plan.train_steps:
        return {}
    dataset = pipeline.train_dataset(
        source,
        plan.batch_size,
        config.image_size,
        config.seed,
        views=2 if config.train_mode == "pretrain" else 1,
        start_step=start,
    )
    report = Report(
        config.train_summary_steps or plan.checkpoint_steps,
        plan.train_steps,
        plan.batch_size,
        build.make_schedule(plan),
        config.model_dir,
    )
    save = SaveCheckpoint(
        plan.checkpoint_steps,
        plan.train_steps,
        lambda step: _save(config, stage, step),
    )
    try:
        stage.fit(
            dataset,
            epochs=1,
            steps_per_epoch=plan.train_steps - start,
            shuffle=False,
            verbose=0,
            callbacks=[report, save],
        )
    except tf.errors.InvalidArgumentError as error:
        raise _explained(error, source) from None
    return report.last


def _save(config, stage, step):
    run_directory.save(
        config.model_dir,
        step,
        stage.network.named_variables(),
        stage.optimizer.variables,
        config.keep_checkpoint_max,
    )


def _explained(error, source):
    """Names the file where reading failed; other errors are passed on."""
    index = source.unreadable()
    if index is None:
        return error
    return ValueError(
        "Expected an image (JPEG, PNG, WebP, BMP or GIF): "
        f"{source.place(index)} is none, or is damaged; remove it or mend it."
    )
