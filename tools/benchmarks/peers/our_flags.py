"""The command line of ours that does what the peer's loop does."""

ENOUGH = 1_000_000  # steps that no measurement comes to


def flags_of(case, precision, npz, photos):
    """Words of the command `simclrv2`.

    Nothing is reported and no checkpoint written before the end, as the
    peer's loop does neither, and no linear probe learns beside.

    Args:
      case: A `Case`.
      precision: "float32" or "bfloat16".
      npz: File of CIFAR-10.
      photos: Folder of photographs.
    """
    small = case.image_size <= 32
    return [
        "--mode=train",
        "--train_mode=pretrain",
        "--nolineareval_while_pretraining",
        f"--dataset={f'npz:{npz}' if small else f'folder:{photos}'}",
        f"--train_steps={ENOUGH}",
        f"--checkpoint_steps={ENOUGH}",
        f"--mixed_precision={precision}",
        *network_flags(case),
        *view_flags(case),
    ]


def network_flags(case):
    return [
        f"--resnet_depth={case.depth}",
        f"--width_multiplier={case.width:g}",
        "--num_proj_layers=2",
        f"--proj_out_dim={case.projection}",
        f"--temperature={case.temperature}",
    ]


def view_flags(case):
    return [
        f"--image_size={case.image_size}",
        f"--train_batch_size={case.batch}",
        f"--color_jitter_strength={case.strength}",
        "--use_blur" if case.blur else "--nouse_blur",
        *["--per_image_blur"] * case.blur,
    ]
