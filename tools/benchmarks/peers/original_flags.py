"""Flags that the original release's program and ours both take."""

LOOPS = 5  # in which the original trains, each ended by a checkpoint


def flags_of(case, data_dir, steps):
    """Words of either command, all but the directory of the run.

    Args:
      case: A `Case` at 32 pixels.
      data_dir: TFDS data with cifar10.
      steps: Of training.
    """
    return [
        "--mode=train",
        "--train_mode=pretrain",
        "--dataset=cifar10",
        f"--data_dir={data_dir}",
        "--eval_split=test",
        f"--train_steps={steps}",
        f"--checkpoint_steps={max(1, steps // LOOPS)}",
        f"--train_batch_size={case.batch}",
        f"--image_size={case.image_size}",
        f"--resnet_depth={case.depth}",
        f"--color_jitter_strength={case.strength}",
        f"--use_blur={case.blur}",
        f"--temperature={case.temperature}",
        "--num_proj_layers=2",
        f"--proj_out_dim={case.projection}",
        "--learning_rate=1.0",
        "--weight_decay=1e-4",
        "--warmup_epochs=0",  # ten by default, which is longer than this
        "--use_tpu=False",
    ]
